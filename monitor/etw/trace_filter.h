/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_TRACE_FILTER_H
#define ETWAS_MONITOR_ETW_TRACE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/etl/record.h"

/*
 * Which records of a trace are wanted, said by their headers alone. Levels and keywords count as
 * they do for EnableTraceEx2(): a record of level 0 or without keywords passes. Records of classic
 * providers have no id; their type (opcode) stands for it.
 */
struct trace_ids {
    uint16_t first;
    uint16_t last;
};

struct trace_rule {
    uint8_t provider[16];
    uint8_t level; /* the most verbose; UINT8_MAX: all */
    bool by_process;
    uint32_t process_id;
    uint64_t any; /* keywords; 0: all */
    uint64_t all;
    const struct trace_ids *ids; /* borrowed */
    size_t id_count;             /* 0: all */
    const struct trace_ids *not_ids;
    size_t not_id_count;
};

/* Does one of the rules take it? */
bool trace_filter_passes(const struct trace_rule *rules, size_t count,
                         const struct etl_record *record);

#endif
