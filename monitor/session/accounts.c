/* SPDX-License-Identifier: MIT */
#include "monitor/session/accounts.h"

enum etwas_status accounts_records(struct lane_accounts *lane, uint64_t sequence, uint64_t records)
{
    if (lane->sequenced && sequence < lane->next_sequence) {
        return ETWAS_MALFORMED;
    }
    lane->gaps += lane->sequenced ? sequence - lane->next_sequence : 0;
    lane->sequenced = true;
    lane->next_sequence = sequence + 1;
    lane->seen += records;
    return ETWAS_OK;
}

static bool grew(const struct stream_counters *from, const struct stream_counters *to)
{
    return to->overrun >= from->overrun && to->commit_overrun >= from->commit_overrun &&
           to->dropped >= from->dropped && to->read >= from->read;
}

static uint64_t lost_by(const struct stream_counters *counters)
{
    return counters->overrun + counters->commit_overrun + counters->dropped;
}

/* Where this monitor's part of the counters begins. */
static void set_base(struct lane_accounts *lane, const struct stream_counters *counters,
                     bool joined)
{
    lane->based = true;
    if (!joined) {
        return;
    }
    lane->base = *counters;
    lane->base.read -= lane->seen < counters->read ? lane->seen : counters->read;
    lane->last = lane->base;
}

enum etwas_status accounts_round(struct lane_accounts *lane, const struct stream_counters *counters,
                                 bool joined, struct lane_loss *loss)
{
    *loss = (struct lane_loss){0};
    if (!lane->based) {
        set_base(lane, counters, joined);
    }
    if (!grew(&lane->last, counters)) {
        return ETWAS_MALFORMED;
    }
    lane->last = *counters;
    const uint64_t read = counters->read - lane->base.read;
    const uint64_t lost = lost_by(counters) - lost_by(&lane->base);
    const uint64_t known = lane->seen + lane->sums.lost_monitor;
    loss->kernel = lost - lane->sums.lost_kernel;
    loss->monitor = read > known ? read - known : 0;
    lane->sums.lost_kernel = lost;
    lane->sums.lost_monitor += loss->monitor;
    lane->sums.produced = read + lost;
    return ETWAS_OK;
}

void accounts_end(struct lane_accounts *lane)
{
    const uint64_t known = lane->seen + lane->sums.lost_monitor + lane->sums.lost_kernel;
    if (lane->sums.produced < known) {
        lane->sums.produced = known;
    }
}

void accounts_add(struct source_accounts *sum, const struct source_accounts *part)
{
    sum->produced += part->produced;
    sum->delivered += part->delivered;
    sum->filtered += part->filtered;
    sum->lost_kernel += part->lost_kernel;
    sum->lost_monitor += part->lost_monitor;
    sum->late += part->late;
}
