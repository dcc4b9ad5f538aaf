/* SPDX-License-Identifier: MIT */
#include "monitor/etw/trace_filter.h"

#include <string.h>

static bool is_among(const struct trace_ids *ids, size_t count, uint16_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (id >= ids[i].first && id <= ids[i].last) {
            return true;
        }
    }
    return false;
}

static bool passes(const struct trace_rule *rule, const struct etl_record *record)
{
    const uint16_t id = record->classic ? record->opcode : record->id;
    if (record->level > rule->level) {
        return false;
    }
    if (record->keywords != 0 && ((rule->any != 0 && (record->keywords & rule->any) == 0) ||
                                  (record->keywords & rule->all) != rule->all)) {
        return false;
    }
    if (rule->by_process && (!record->has_process || record->process_id != rule->process_id)) {
        return false;
    }
    return (rule->id_count == 0 || is_among(rule->ids, rule->id_count, id)) &&
           !is_among(rule->not_ids, rule->not_id_count, id);
}

bool trace_filter_passes(const struct trace_rule *rules, size_t count,
                         const struct etl_record *record)
{
    for (size_t i = 0; i < count && record->provider_id != NULL; i++) {
        if (memcmp(rules[i].provider, record->provider_id, sizeof rules[i].provider) == 0 &&
            passes(&rules[i], record)) {
            return true;
        }
    }
    return false;
}
