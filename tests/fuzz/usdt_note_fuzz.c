/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "monitor/usdt/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever a file says, reading it ends, and what is found lies within it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct note_reader reader;
    struct usdt_probe probe;
    enum etwas_status status = note_reader_init(&reader, data, size);
    while (status == ETWAS_OK) {
        status = note_next(&reader, &probe);
        if (status == ETWAS_OK && (probe.offset >= size || probe.semaphore >= size ||
                                   probe.argument_count > USDT_MAX_ARGUMENTS)) {
            abort();
        }
    }
    if (reader.count > NOTE_MAX_PROBES || reader.skipped > reader.count) {
        abort();
    }
    return 0;
}
