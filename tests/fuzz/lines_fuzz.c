/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

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

enum { MAX_FRAMES = 8 };

/* Text in as many frames as its first byte says; its size. */
static size_t pack(const char *text, size_t size, char *packed, size_t room)
{
    static ZSTD_CCtx *context;
    const size_t frames = 1 + (uint8_t)text[0] % MAX_FRAMES;
    const size_t piece = size / frames + 1;
    size_t used = 0;
    context = context != NULL ? context : ZSTD_createCCtx();
    require(context != NULL);
    for (size_t at = 1; at < size; at += piece) {
        const size_t part = size - at < piece ? size - at : piece;
        const size_t got =
            ZSTD_compressCCtx(context, packed + used, room - used, text + at, part, 1);
        require(!ZSTD_isError(got));
        used += got;
    }
    return used;
}

/* Text that the target packs itself, so that what is behind the unpacking is reached with it. */
static enum etwas_status unpack_packed(struct lines *lines, const char *text, size_t size,
                                       struct etwas_error *error)
{
    static struct lines plain;
    struct etwas_error other;
    size_t bad_line = 0;
    const size_t room = MAX_FRAMES * ZSTD_compressBound(size);
    char *packed = malloc(room);
    require(packed != NULL);
    const size_t used = size > 0 ? pack(text, size, packed, room) : 0;
    const enum etwas_status status = lines_unpack(lines, packed, used, &bad_line, error);
    free(packed);
    /* Packed or not it is the same. */
    require(size < 2 || lines_check(&plain, text + 1, size - 1, &bad_line, &other) == status);
    require(size < 2 || (plain.count == lines->count && plain.first == lines->first &&
                         plain.last == lines->last && plain.own == lines->own));
    return status;
}

/* The first byte says whether the rest is compressed, or is to be. */
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
    enum etwas_status status = ETWAS_OK;
    if (data[0] == 'z') {
        status = lines_unpack(&lines, text, size - 1, &bad_line, &error);
    } else if (data[0] == 'p') {
        status = unpack_packed(&lines, text, size - 1, &error);
    } else {
        status = lines_check(&lines, text, size - 1, &bad_line, &error);
    }
    free(text);
    require(status == ETWAS_OK || (lines.count == 0 && error.doing != NULL));
    for (size_t i = 0; i < lines.count && i < 16; i++) {
        look(&lines, i);
    }
    return 0;
}
