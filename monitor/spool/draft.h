/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_DRAFT_H
#define ETWAS_MONITOR_SPOOL_DRAFT_H

#include "monitor/spool/spool.h"

/*
 * Of the batch that is being filled: its lines so far, and head and position as of their end.
 * What is new since the last call is put into a file, so that a kill of this program does not
 * cost it. It need not work, and is not brought to the disk.
 */
void spool_draft(struct spool *spool, const struct batch_head *head,
                 const struct source_position *position, const void *lines, size_t size);

/*
 * The batch that the program before was filling when it was killed, as far as it was kept. Append
 * it before anything else, and then spool_set_past(). False: there is none.
 */
struct spool_draft {
    struct batch_head head; /* count, own, books */
    struct source_position position;
    char *lines; /* owned; spool_draft_free() */
    size_t size;
};
bool spool_draft_take(struct spool *spool, struct spool_draft *draft);
void spool_draft_free(struct spool_draft *draft);

#endif
