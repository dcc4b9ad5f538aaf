/* SPDX-License-Identifier: MIT */
#include "relay/audit_streams.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST = 64 };

struct audit_stream {
    uint8_t public_key[KEY_PUBLIC_SIZE];
    uint8_t stream[BATCH_STREAM_SIZE];
    uint64_t part; /* in which the rest holds; 0: the slot is free */
    uint64_t sequence;
    uint64_t expected; /* traced events in all batches so far */
    int64_t last_time; /* of an event; 0: none yet, or not known */
};

void audit_streams_clear(struct audit_streams *streams)
{
    free(streams->slots);
    *streams = (struct audit_streams){.count = 0};
}

void audit_streams_interrupt(struct audit_streams *streams)
{
    streams->part++;
}

/* The slot of this stream, or the free one where it belongs. Streams are random numbers. */
static struct audit_stream *slot_of(const struct audit_streams *streams, const uint8_t *public_key,
                                    const uint8_t *stream)
{
    uint64_t hash = 0;
    memcpy(&hash, stream, sizeof hash);
    for (size_t at = (size_t)hash;; at++) {
        struct audit_stream *slot = &streams->slots[at & (streams->capacity - 1)];
        if (slot->part == 0 || (memcmp(slot->stream, stream, BATCH_STREAM_SIZE) == 0 &&
                                memcmp(slot->public_key, public_key, KEY_PUBLIC_SIZE) == 0)) {
            return slot;
        }
    }
}

static bool make_room(struct audit_streams *streams)
{
    if (streams->count * 2 < streams->capacity) {
        return true;
    }
    struct audit_streams larger = *streams;
    larger.capacity = streams->capacity == 0 ? FIRST : streams->capacity * 2;
    larger.slots = calloc(larger.capacity, sizeof larger.slots[0]);
    if (larger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < streams->capacity; i++) {
        const struct audit_stream *is = &streams->slots[i];
        if (is->part != 0) {
            *slot_of(&larger, is->public_key, is->stream) = *is;
        }
    }
    free(streams->slots);
    *streams = larger;
    return true;
}

/* What was missing, and between which events, for a batch that follows on `known`. */
static bool is_gap(const struct audit_stream *known, const struct store_batch *batch,
                   const struct lines *lines)
{
    const uint64_t before = batch->head.books.before;
    const uint64_t missing = before > known->expected ? before - known->expected : 0;
    if (batch->missing != missing || missing == 0) {
        return batch->missing == missing;
    }
    return batch->missing_last == lines->first &&
           (known->last_time == 0 || batch->missing_first == known->last_time);
}

static bool judge(const struct audit_stream *known, bool is_known, const struct store_batch *batch,
                  const struct lines *lines)
{
    static const struct audit_stream none = {.expected = 0};
    if (is_known) {
        return !batch->first_contact && batch->head.sequence > known->sequence &&
               is_gap(known, batch, lines);
    }
    /* Those before may have become too old; but more than all cannot be missing. */
    return batch->first_contact ? is_gap(&none, batch, lines) && batch->missing_first == 0
                                : batch->missing <= batch->head.books.before;
}

enum etwas_status audit_streams_take(struct audit_streams *streams, const struct store_batch *batch,
                                     const struct lines *lines, bool *follows,
                                     struct etwas_error *error)
{
    const struct batch_head *head = &batch->head;
    if (!make_room(streams)) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "looking at streams"};
        return ETWAS_NO_MEMORY;
    }
    struct audit_stream *slot = slot_of(streams, batch->public_key, head->stream);
    const bool is_known = slot->part == streams->part + 1;
    *follows = judge(slot, is_known, batch, lines);
    streams->count += slot->part == 0 ? 1 : 0;
    const uint64_t expected = is_known ? slot->expected : 0;
    const uint64_t sum =
        head->books.before + (head->count > head->own ? head->count - head->own : 0);
    const int64_t last_time = is_known ? slot->last_time : 0;
    memcpy(slot->public_key, batch->public_key, KEY_PUBLIC_SIZE);
    memcpy(slot->stream, head->stream, BATCH_STREAM_SIZE);
    slot->part = streams->part + 1;
    slot->sequence = head->sequence;
    slot->expected = sum > expected ? sum : expected;
    slot->last_time = lines->last != 0 ? lines->last : last_time;
    return ETWAS_OK;
}
