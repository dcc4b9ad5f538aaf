/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/forward/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of a response as text: the lines of its header up to an empty one. */
static size_t take_header(struct answer *answer, const char *text, size_t size)
{
    size_t at = 0;
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        const size_t length = end == NULL ? size - at : (size_t)(end - text) + 1 - at;
        answer_header(answer, text + at, length);
        at += length;
        if (length <= 2) {
            break;
        }
    }
    return at;
}

/* Whatever is answered, only 200 with the right words means that a batch is stored. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct answer answer;
    struct verdict verdict;
    if (size < 2) {
        return 0;
    }
    answer_init(&answer);
    const size_t body = take_header(&answer, (const char *)data + 2, size - 2);
    const bool whole = answer_body(&answer, data + 2 + body, size - 2 - body);
    answer.status = 100 * (1 + data[0] % 5) + data[1] % 32;
    answer_judge(&answer, 1795190959, &verdict);
    const bool stored = verdict.kind == ANSWER_STORED;
    if ((stored && (answer.status != 200 || !whole)) ||
        verdict.retry_after_ms > ANSWER_RETRY_MAX_MS) {
        abort();
    }
    return 0;
}
