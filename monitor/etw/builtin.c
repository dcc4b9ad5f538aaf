/* SPDX-License-Identifier: MIT */
#include "monitor/etw/builtin.h"

#include <string.h>

#include "monitor/etw/clr_events.h"
#include "monitor/etw/decode.h"
#include "monitor/etw/decode_parts.h"

enum {
    UDP_FIRST = 42, /* the first event of UdpIp */
    UDP_BEFORE = 32,
    CLASSIC_VERSION = 2,
};

static const char network_name[] = "Microsoft-Windows-Kernel-Network";

/* 7dd42a49-5329-4832-8dfd-43d979153a88 */
static const uint8_t network_id[SCHEMAS_ID_SIZE] = {0x49, 0x2a, 0xd4, 0x7d, 0x29, 0x53, 0x32, 0x48,
                                                    0x8d, 0xfd, 0x43, 0xd9, 0x79, 0x15, 0x3a, 0x88};

/* Does it describe all bytes there are, and no more? */
static bool fits(const struct etl_record *record, const struct etw_layout *layout,
                 struct arena *arena)
{
    struct event event;
    etw_event(&event, record, layout);
    const size_t rest = etw_rest(&event, arena);
    layout->reading->payload = NULL;
    return rest == 0;
}

/* What the classic class has, under the names that a manifest, if there is one, gives it. */
static const struct etw_layout *network_layout(const struct etl_record *record,
                                               const struct etw_layout *layout,
                                               const struct schemas_options *options,
                                               struct arena *arena)
{
    struct etl_record classic = *record;
    uint8_t class_id[SCHEMAS_ID_SIZE];
    const bool udp = record->id >= UDP_FIRST;
    if (record->kind != ETL_EVENT || record->id > UINT8_MAX ||
        memcmp(record->provider_id, network_id, sizeof network_id) != 0 ||
        !classic_id(udp ? "UdpIp" : "TcpIp", class_id)) {
        return NULL;
    }
    classic.classic = true;
    classic.provider_id = class_id;
    classic.opcode = (uint8_t)(record->id - (udp ? UDP_BEFORE : 0));
    classic.version = CLASSIC_VERSION;
    const struct etw_layout *known = classic_layout(&classic, options, arena);
    struct etw_layout *made = known != NULL ? arena_take(arena, sizeof *made) : NULL;
    if (made == NULL) {
        return NULL;
    }
    *made = *known;
    made->source = ETW_MANIFEST;
    if (layout != NULL) {
        made->schema = layout->schema;
        made->message = layout->message;
        made->channel = layout->channel;
    } else {
        made->schema.provider = network_name;
        made->schema.provider_id = network_id;
    }
    return etw_layout_finish(made, arena) ? made : NULL;
}

const struct etw_layout *builtin_layout(const struct etl_record *record,
                                        const struct etw_layout *layout,
                                        const struct schemas_options *options, struct arena *arena)
{
    if (record->provider_id == NULL) {
        return layout;
    }
    const bool is_exact = layout != NULL && !layout->nearest;
    const struct etw_layout *known =
        is_exact ? NULL : clr_events_layout(record, false, options, arena);
    if (known != NULL && (layout == NULL || !known->nearest)) {
        return known;
    }
    if (layout != NULL && fits(record, layout, arena)) {
        return layout;
    }
    known = network_layout(record, layout, options, arena);
    return known != NULL && (layout == NULL || fits(record, known, arena)) ? known : layout;
}
