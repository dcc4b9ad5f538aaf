/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "monitor/event/sink.h"

enum { FIRST_CAPACITY = 4096 };

void output_init(struct output *output, size_t maximum)
{
    *output = (struct output){.maximum = maximum};
}

void output_clear(struct output *output)
{
    free(output->data);
    output_init(output, output->maximum);
}

void sink_start(struct sink *sink, struct output *output)
{
    *sink = (struct sink){.output = output};
    if (output->data != NULL) {
        sink->at = output->data + output->size;
        sink->end = output->data + output->capacity;
    } else if (!sink_grow(sink, 1)) {
        static char nowhere; /* pieces of no bytes go here, for NULL is no place even for them */
        sink->at = &nowhere;
        sink->end = &nowhere;
    }
}

bool sink_grow(struct sink *sink, size_t need)
{
    struct output *output = sink->output;
    if (sink->status != ETWAS_OK) {
        return false;
    }
    const size_t used = output->data == NULL ? 0 : (size_t)(sink->at - output->data);
    if (used > output->maximum || need > output->maximum - used) {
        sink->status = ETWAS_TOO_BIG;
    } else {
        size_t capacity = output->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : output->capacity;
        while (capacity < used + need && capacity <= output->maximum / 2) {
            capacity *= 2;
        }
        capacity =
            capacity < used + need || capacity > output->maximum ? output->maximum : capacity;
        char *data = realloc(output->data, capacity);
        if (data != NULL) {
            output->data = data;
            output->capacity = capacity;
            sink->at = data + used;
            sink->end = data + capacity;
            return true;
        }
        sink->status = ETWAS_NO_MEMORY;
    }
    sink->end = sink->at; /* no more small pieces either */
    return false;
}

enum etwas_status sink_finish(struct sink *sink)
{
    if (sink->status == ETWAS_OK) {
        sink->output->size = (size_t)(sink->at - sink->output->data);
    }
    return sink->status;
}
