/* SPDX-License-Identifier: MIT */
#include "ipc/stream.h"

void stream_get_records(struct bytes_reader *body, struct stream_records *records)
{
    records->session = bytes_u64(body);
    records->sequence = bytes_u64(body);
    records->cpu = bytes_u32(body);
    const uint32_t padding = bytes_u32(body);
    body->bad = body->bad || padding != 0 || records->cpu >= STREAM_MAX_CPUS;
}

void stream_get_round(struct bytes_reader *body, struct stream_round *round)
{
    round->session = bytes_u64(body);
    round->started_ns = bytes_u64(body);
    round->utc_offset_ns = (int64_t)bytes_u64(body);
    round->cpus = bytes_u32(body);
    body->bad = body->bad || round->cpus > STREAM_MAX_CPUS;
}

void stream_get_counters(struct bytes_reader *body, struct stream_counters *counters)
{
    counters->entries = bytes_u64(body);
    counters->overrun = bytes_u64(body);
    counters->commit_overrun = bytes_u64(body);
    counters->dropped = bytes_u64(body);
    counters->read = bytes_u64(body);
}

void stream_get_end(struct bytes_reader *body, struct stream_end *end)
{
    end->session = bytes_u64(body);
    end->reason = bytes_u32(body);
    end->uid = bytes_u32(body);
}
