/* SPDX-License-Identifier: MIT */
/*
 * The input is the records of one buffer; which ones are of another buffer says its first byte.
 * With a first buffer that describes the trace they are a file, read with stacks and modules.
 */
#include <stdlib.h>
#include <string.h>

#include "ipc/store.h"
#include "monitor/etl/buffer.h"
#include "tests/monitor/etl/file_memory.h"
#include "tests/monitor/etw/walk.h"

enum { RECORD = 32, DESCRIPTION = 288, FIRST = BUFFER_HEADER + RECORD + DESCRIPTION };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_head(uint8_t *head, size_t size, uint16_t cpu)
{
    memset(head, 0, BUFFER_HEADER);
    store_u32(head, (uint32_t)size);
    store_u64(head + 0x10, 1);
    store_u16(head + 0x28, cpu);
    store_u32(head + 0x30, (uint32_t)size);
    store_u16(head + 0x34, BUFFER_PROC_INDEX);
}

/* TRACE_LOGFILE_HEADER in a system record: the clock is the system's. */
static void put_first(uint8_t *buffer)
{
    put_head(buffer, FIRST, 0);
    uint8_t *record = buffer + BUFFER_HEADER;
    memset(record, 0, RECORD + DESCRIPTION);
    record[2] = 2; /* SYSTEM64 */
    record[3] = 0xc0;
    store_u16(record + 4, RECORD + DESCRIPTION);
    record[RECORD + 248 + 24] = 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"trace"};
    if (size < 1 || size > UINT16_MAX) {
        return 0;
    }
    const size_t records = size - 1;
    const size_t split = records == 0 ? 0 : (size_t)data[0] * 8 % records;
    const size_t whole = FIRST + 2 * BUFFER_HEADER + records;
    uint8_t *file = malloc(whole);
    if (file != NULL) {
        uint8_t *second = file + FIRST;
        uint8_t *third = second + BUFFER_HEADER + split;
        put_first(file);
        put_head(second, BUFFER_HEADER + split, 0);
        memcpy(second + BUFFER_HEADER, data + 1, split);
        put_head(third, BUFFER_HEADER + records - split, 1);
        memcpy(third + BUFFER_HEADER, data + 1 + split, records - split);
        struct walk walked;
        const struct walk_options options = {
            .paths = paths, .count = 1, .format = EVENT_JSON, .stacks = true};
        file_memory_set(0, paths[0], file, whole);
        if (walk(&options, &walked) == ETWAS_MALFORMED) {
            abort(); /* its first buffer is good */
        }
    }
    free(file);
    return 0;
}
