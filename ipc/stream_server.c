/* SPDX-License-Identifier: MIT */
#include "ipc/stream.h"

void stream_put_records(struct bytes_writer *writer, const struct stream_records *records)
{
    bytes_put_u64(writer, records->session);
    bytes_put_u64(writer, records->sequence);
    bytes_put_u32(writer, records->cpu);
    bytes_put_u32(writer, 0);
}

void stream_put_round(struct bytes_writer *writer, const struct stream_round *round)
{
    bytes_put_u64(writer, round->session);
    bytes_put_u64(writer, round->started_ns);
    bytes_put_u64(writer, (uint64_t)round->utc_offset_ns);
    bytes_put_u32(writer, round->cpus);
}

void stream_put_counters(struct bytes_writer *writer, const struct stream_counters *counters)
{
    bytes_put_u64(writer, counters->entries);
    bytes_put_u64(writer, counters->overrun);
    bytes_put_u64(writer, counters->commit_overrun);
    bytes_put_u64(writer, counters->dropped);
    bytes_put_u64(writer, counters->read);
}

void stream_put_end(struct bytes_writer *writer, const struct stream_end *end)
{
    bytes_put_u64(writer, end->session);
    bytes_put_u32(writer, end->reason);
    bytes_put_u32(writer, end->uid);
}
