/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_GAP_H
#define ETWAS_RELAY_GAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/identity.h"

/*
 * The row that stands for traced events of a stream that this relay does not have, with index 0
 * before the batch that told of them. EventName "Lost": they never came (Where: "spool").
 * "Unseen": this is the stream's first batch here, and they came before it. "Damaged", with index
 * 1: the batch is stored but cannot be unpacked any more, and these are its lines.
 */
struct gap {
    int64_t row;
    const char *computer;
    bool first_contact;
    bool damaged;
    uint64_t count;
    int64_t first; /* event times around the gap, 100 ns since 1601; 0: not known */
    int64_t last;
    int64_t received_ms; /* since 1970: its TimeCreated when `last` is not known */
};

/*
 * What retention removed while somebody was reading it: a row with the Id of the last batch that is
 * gone, index 0. Which events these were is not known any more.
 */
struct gap_removed {
    int64_t row;
    struct identity after; /* what was shown before it; row 0: nothing */
    int64_t until;         /* the row that it goes on with, or would */
    int64_t time;          /* its TimeCreated */
};
size_t gap_show_removed(const struct gap_removed *removed, char *text, size_t room);

/* What its TimeCreated is, in 100 ns since 1601. */
int64_t gap_time(const struct gap *gap);

/* Writes it as lines_show() does a line: the size needed, which may be more than `room`. */
size_t gap_show(const struct gap *gap, char *text, size_t room);

#endif
