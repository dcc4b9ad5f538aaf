/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

enum { HEAD_SIZE = 4096 };

/* The words that the relay was sent, for people: what it said goes first. */
static size_t describe(const struct spool *spool, size_t sink, const struct spool_batch *batch,
                       const char *reason, char *text)
{
    const struct batch_head *head = &batch->head;
    const int size = snprintf(text, HEAD_SIZE,
                              "Reason: %.512s\nSink: %.1024s\nStream: %.32s\nSequence: %" PRIu64
                              "\nEvents: %" PRIu64 "\nOwn: %" PRIu64 "\nBefore: %" PRIu64
                              "\nMade: %" PRId64 " ms since 1970\nContent-Encoding: zstd\n\n",
                              reason, spool->sinks[sink], spool->folder.name, head->sequence,
                              head->count, head->own, head->books.before, batch->made_ms);
    return size > 0 && size < HEAD_SIZE ? (size_t)size : 0;
}

static bool write_parked(int folder, const char *name, const struct spool_batch *batch,
                         const char *text)
{
    int file = -1;
    const size_t size = strlen(text);
    (void)files_remove(folder, name);
    const bool written = files_make(folder, name, &file) == 0 &&
                         files_write(file, 0, text, size) == 0 &&
                         files_write(file, size, batch->body, batch->size) == 0;
    files_close(file);
    if (!written) {
        (void)files_remove(folder, name);
    }
    return written;
}

bool spool_park(struct spool *spool, size_t sink, const struct spool_batch *batch,
                const char *reason)
{
    char text[HEAD_SIZE];
    char name[FILES_NAME];
    int folder = -1;
    size_t count = 0;
    (void)pthread_mutex_lock(&spool->lock);
    (void)files_make_folder(spool->folder.folder, "parked");
    bool parked = sink < spool->sink_count && describe(spool, sink, batch, reason, text) != 0 &&
                  files_open_folder(spool->folder.folder, "parked", &folder) == 0;
    if (parked) {
        free(files_names(folder, &count));
        (void)snprintf(name, sizeof name, "%" PRIu64 ".%zu.batch", batch->head.sequence, sink);
        parked = count < SPOOL_MAX_PARKED && write_parked(folder, name, batch, text);
    }
    files_close(folder);
    (void)pthread_mutex_unlock(&spool->lock);
    return parked;
}
