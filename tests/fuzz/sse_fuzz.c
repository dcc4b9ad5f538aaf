/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/console/event_text.h"
#include "viewer/console/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came, as a number that depends on all of it. */
struct heard {
    uint64_t hash;
    struct output output;
};

static void mix(struct heard *heard, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        heard->hash = (heard->hash ^ (uint8_t)bytes[i]) * UINT64_C(1099511628211);
    }
    heard->hash = (heard->hash ^ size) * UINT64_C(1099511628211);
}

static bool hear(void *context, const struct sse_event *event)
{
    struct heard *heard = context;
    if (event->size > SSE_MAX_DATA || event->data == NULL || strlen(event->id) >= SSE_MAX_NAME) {
        abort();
    }
    mix(heard, event->type, strlen(event->type));
    mix(heard, event->id, strlen(event->id));
    mix(heard, event->data, event->size);
    (void)event_text_put(&heard->output, event->data, event->size);
    output_put_json(&heard->output, event->data, event->size);
    return true;
}

/* No terminal may see anything but visible characters and ends of lines. */
static enum etwas_status look(const void *data, size_t size, struct etwas_error *error)
{
    const char *at = data;
    (void)error;
    for (size_t i = 0; i < size; i++) {
        if (((uint8_t)at[i] < 0x20 && at[i] != '\n' && at[i] != '\t' && at[i] != '\r') ||
            at[i] == 0x7f) {
            abort();
        }
    }
    return ETWAS_OK;
}

static uint64_t hear_all(const char *bytes, size_t size, size_t piece)
{
    static struct heard heard;
    memset(&heard, 0, sizeof heard);
    heard.output.write = look;
    struct sse sse;
    sse_init(&sse);
    sse.handle = hear;
    sse.context = &heard;
    while (size != 0) {
        const size_t part = size < piece ? size : piece;
        if (sse_feed(&sse, bytes, part) != SSE_MORE) {
            abort();
        }
        bytes += part;
        size -= part;
    }
    output_flush(&heard.output);
    sse_clear(&sse);
    return heard.hash;
}

/* However the stream is cut, the same events come out of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    const char *bytes = (const char *)data + 1;
    if (hear_all(bytes, size - 1, size) != hear_all(bytes, size - 1, data[0] % 16U + 1)) {
        abort();
    }
    return 0;
}
