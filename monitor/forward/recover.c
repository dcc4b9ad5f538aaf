/* SPDX-License-Identifier: MIT */
#include "monitor/forward/recover.h"

#include <stdlib.h>
#include <zstd.h>

#include "monitor/spool/draft.h"

enum { LEVEL = 1 /* as batches have it */ };

static enum etwas_status append(struct spool *spool, const struct spool_draft *draft)
{
    const size_t room = ZSTD_compressBound(draft->size);
    void *packed = malloc(room);
    if (packed == NULL) {
        return ETWAS_NO_MEMORY;
    }
    const size_t size = ZSTD_compress(packed, room, draft->lines, draft->size, LEVEL);
    const enum etwas_status status =
        ZSTD_isError(size) ? ETWAS_TOO_BIG
                           : spool_append(spool, &draft->head, &draft->position, packed, size);
    free(packed);
    return status;
}

enum etwas_status recover_draft(struct spool *spool)
{
    struct spool_draft draft;
    if (!spool_draft_take(spool, &draft)) {
        return ETWAS_OK;
    }
    const enum etwas_status status = append(spool, &draft);
    if (status == ETWAS_OK) {
        spool_set_past(spool);
    }
    spool_draft_free(&draft);
    return status;
}

enum etwas_status recover_books(struct spool *spool)
{
    /* Without a position: what was read since, nobody can tell any more. */
    static char none[1];
    struct spool_draft last = {.lines = none};
    const uint64_t open = spool_unaccounted(spool);
    if (open == 0 || !spool_may_grow(spool)) {
        return ETWAS_OK;
    }
    last.head.books = spool_past(spool)->books;
    last.head.books.lost_monitor += open;
    const enum etwas_status status = append(spool, &last);
    if (status == ETWAS_OK) {
        spool_set_past(spool);
    }
    return status;
}
