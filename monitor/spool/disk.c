/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

static void failed(struct spool *spool, uint32_t code)
{
    spool->retry_ms = files_now_ms() + SPOOL_RETRY_MS;
    if (files_code(code) == FILES_GONE && spool->folder.folder >= 0) {
        /* What was in the files and is not in memory is gone with them. */
        cache_set_loose(spool);
        shelf_forget_all(spool);
        folder_close(&spool->folder);
    }
    spool->code = code;
    if (!spool->failing) {
        spool->failing = true;
        notice_put(spool, "cannot write %s: %s; batches are kept in memory, up to %d MiB",
                   spool->base, strerror((int)code), SPOOL_CACHE / (1024 * 1024));
    }
}

bool disk_state(struct spool *spool, bool whole)
{
    const uint32_t code =
        folder_write_state(&spool->folder, &spool->last, whole || spool->sync == SPOOL_SYNC_BATCH);
    if (code == 0 && spool->sync == SPOOL_SYNC_BATCH) {
        (void)files_sync(spool->folder.state);
    }
    return code == 0;
}

void disk_cursors(struct spool *spool)
{
    (void)folder_write_cursors(&spool->folder, spool->cursors, spool->sink_count);
    spool->cursors_dirty = true;
}

void disk_flush(struct spool *spool)
{
    struct node *node = cache_first_loose(spool, 0);
    while (node != NULL) {
        const uint32_t code = shelf_write(spool, node);
        if (code != 0) {
            failed(spool, code);
            /* These numbers are in no segment: they must not be given again. */
            (void)disk_state(spool, false);
            return;
        }
        node = cache_first_loose(spool, node->batch.head.sequence);
    }
    if (spool->failing) {
        spool->failing = false;
        notice_put(spool, "can write %s again", spool->base);
    }
}

void disk_retry(struct spool *spool)
{
    if (!spool->failing || spool->loose_count == 0 || files_now_ms() < spool->retry_ms) {
        return;
    }
    if (spool->folder.folder < 0) {
        const uint32_t code =
            folder_make(&spool->folder, spool->base, spool->stream, spool->sinks_text);
        if (code != 0) {
            failed(spool, code);
            return;
        }
        disk_cursors(spool);
        (void)disk_state(spool, false);
    }
    disk_flush(spool);
}

/* By the batch: before anybody is told that it is taken. */
void disk_sync(struct spool *spool)
{
    uint32_t code = 0;
    for (size_t i = 0; i < spool->shelf_count; i++) {
        struct shelf *shelf = spool->shelves[i];
        if (shelf->dirty && code == 0) {
            code = files_sync(shelf->file);
            shelf->dirty = code != 0;
        }
    }
    if (code == 0 && spool->folder_dirty) {
        code = files_sync_folder(spool->folder.folder);
        spool->folder_dirty = code != 0;
    }
    if (code != 0) {
        notice_put(spool, "cannot bring %s to the disk: %s", spool->base, strerror((int)code));
    }
}
