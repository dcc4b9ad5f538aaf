/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_ETW_ETW_PARTS_H
#define ETWAS_TESTS_MONITOR_ETW_ETW_PARTS_H

#include "monitor/etl/record.h"
#include "monitor/etw/layout.h"

/* What tests of schemas share: records made in memory, and their events as JSON. */

enum { TEST_ID = 0x5a /* every byte of the provider's GUID */ };

/* An EVENT_HEADER record; lives until the next call. */
struct etl_record *test_event(uint16_t id, uint8_t version, const void *payload, size_t size);

/* The same with a TraceLogging item; `metadata` without its size. */
struct etl_record *test_tracelogging(const void *metadata, size_t metadata_size,
                                     const void *payload, size_t size);

/* EventData as JSON, "{...}", and Message behind it, if there is one; lives until the next call. */
const char *test_data(const struct etw_layout *layout, const struct etl_record *from);

#endif
