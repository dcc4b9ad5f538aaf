/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ipc/json.h"
#include "relay/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

/* What viewers get is an object with the relay's two members first, and only there. */
static void look(const struct lines *lines, size_t index)
{
    const struct lines_origin origin = {.row = 17, .computer = "web1"};
    const size_t size = lines_show(lines, index, origin, NULL, 0);
    char *text = malloc(size);
    require(text != NULL);
    require(lines_show(lines, index, origin, text, size) == size);
    require(memchr(text, '\n', size) == NULL && memchr(text, '\r', size) == NULL);
    struct json_walker walker = json_walk_object(text, size);
    struct json_piece name;
    struct json_piece value;
    for (unsigned i = 0; json_member(&walker, &name, &value); i++) {
        require(json_is(&name, "Id") == (i == 0));
        require(json_is(&name, "Computer") == (i == 1));
    }
    require(json_end(&walker) == ETWAS_OK);
    free(text);
}

/* The first byte says whether the rest is compressed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lines lines;
    struct etwas_error error = {.status = ETWAS_OK};
    size_t bad_line = 0;
    if (size == 0) {
        return 0;
    }
    char *text = malloc(size);
    require(text != NULL);
    memcpy(text, data + 1, size - 1);
    const enum etwas_status status = data[0] == 'z'
                                         ? lines_unpack(&lines, text, size - 1, &bad_line, &error)
                                         : lines_check(&lines, text, size - 1, &bad_line, &error);
    free(text);
    require(status == ETWAS_OK || (lines.count == 0 && error.doing != NULL));
    for (size_t i = 0; i < lines.count && i < 16; i++) {
        look(&lines, i);
    }
    return 0;
}
