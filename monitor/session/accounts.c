/* SPDX-License-Identifier: MIT */
#include "monitor/session/accounts.h"

void accounts_resume(struct lane_accounts *lane, const struct source_lane *at)
{
    lane->base = *at;
    lane->resumed = true;
}

enum etwas_status accounts_records(struct lane_accounts *lane, uint64_t sequence)
{
    if (lane->sequenced && sequence < lane->next_sequence) {
        return ETWAS_MALFORMED;
    }
    const uint64_t gap = lane->sequenced ? sequence - lane->next_sequence : 0;
    lane->gaps += gap;
    lane->in_question = lane->in_question || gap != 0;
    lane->sequenced = true;
    lane->next_sequence = sequence + 1;
    return ETWAS_OK;
}

bool accounts_wants_held(const struct lane_accounts *lane, bool joined)
{
    return lane->in_question || ((joined || lane->resumed) && !lane->based) ||
           lane->rounds + 1 >= ACCOUNTS_ROUNDS;
}

static uint64_t seen_by(const struct lane_accounts *lane, uint64_t held)
{
    return lane->sums.delivered + lane->sums.filtered + held;
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

/* Where this monitor's part of the counters begins, by the first of them. */
static void set_base(struct lane_accounts *lane, const struct stream_counters *counters,
                     bool joined, uint64_t seen)
{
    if (lane->resumed && counters->read >= lane->base.read &&
        lost_by(counters) >= lane->base.lost) {
        return;
    }
    lane->base = (struct source_lane){0};
    if (joined) {
        lane->base.read = counters->read - (seen < counters->read ? seen : counters->read);
        lane->base.lost = lost_by(counters);
    }
}

/* What was handed out and is not here. */
static uint64_t newly_lost(struct lane_accounts *lane, uint64_t held)
{
    if (!lane->based) {
        return 0;
    }
    const uint64_t read = lane->last.read - lane->base.read;
    const uint64_t known = seen_by(lane, held) + lane->sums.lost_monitor;
    const uint64_t lost = read > known ? read - known : 0;
    lane->sums.lost_monitor += lost;
    lane->in_question = false;
    lane->rounds = 0;
    return lost;
}

enum etwas_status accounts_round(struct lane_accounts *lane, const struct stream_counters *counters,
                                 bool joined, uint64_t held, struct lane_loss *loss)
{
    *loss = (struct lane_loss){0};
    if (!lane->based) {
        set_base(lane, counters, joined, seen_by(lane, held));
    }
    lane->based = true;
    if (!grew(&lane->last, counters)) {
        return ETWAS_MALFORMED;
    }
    lane->last = *counters;
    lane->rounds++;
    if (held != ACCOUNTS_NOT_COUNTED) {
        loss->monitor = newly_lost(lane, held);
    }
    const uint64_t lost = lost_by(counters) - lane->base.lost;
    loss->kernel = lost - lane->sums.lost_kernel;
    lane->sums.lost_kernel = lost;
    lane->sums.produced = counters->read - lane->base.read + lost;
    return ETWAS_OK;
}

bool accounts_position(const struct lane_accounts *lane, bool joined, struct source_lane *at)
{
    at->read = lane->base.read + seen_by(lane, 0) + lane->sums.lost_monitor;
    at->lost = lane->base.lost + lane->sums.lost_kernel;
    return lane->based || lane->resumed || !joined;
}

void accounts_end(struct lane_accounts *lane, uint64_t held, struct lane_loss *loss)
{
    *loss = (struct lane_loss){.monitor = newly_lost(lane, held)};
    const uint64_t known = seen_by(lane, held) + lane->sums.lost_monitor + lane->sums.lost_kernel;
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
