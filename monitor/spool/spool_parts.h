/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_SPOOL_PARTS_H
#define ETWAS_MONITOR_SPOOL_SPOOL_PARTS_H

#include <pthread.h>

#include "monitor/spool/cache.h"
#include "monitor/spool/folder.h"
#include "monitor/spool/shelf.h"
#include "monitor/spool/spool.h"

/*
 * What the files of the spool share; nobody else's. But for what says otherwise all of it is
 * used under the lock.
 *
 * A batch is in a segment of the shelf, in the cache, or in both. Those in the cache
 * alone ("loose": they could not be written) are the youngest, so the order is: shelf, then
 * the loose ones. What was dropped is not counted when it goes but follows from what is
 * there: each batch says how many traced events were before it, and each cursor up to which
 * of them its sink has got.
 */
enum {
    SEGMENT_LEAST = 64 * 1024,      /* bytes after which the next segment begins, */
    SEGMENT_MOST = 4 * 1024 * 1024, /* between these: a 16th of all */
    SEGMENT_FILE = 8 * 1024 * 1024, /* no file of ours is larger */
    SPOOL_LEAST = 2 * 1024 * 1024,  /* max_bytes */
    SPOOL_RETRY_MS = 1000,
};
#define SPOOL_DEFAULT (UINT64_C(1024) * 1024 * 1024)

/* What of a batch that is being filled is in the file `draft`, in pieces. */
struct draft {
    uint64_t sequence; /* of the batch; 0: nothing is */
    uint64_t salt;
    uint64_t at; /* bytes of the file */
    uint64_t pieces;
    size_t bytes; /* of lines */
    uint64_t count;
    uint64_t own;
    uint8_t *room; /* for the next piece */
    size_t room_size;
};

struct spool {
    pthread_mutex_t lock;
    pthread_mutex_t digest_lock;
    pthread_cond_t room; /* signalled when there may be */
    pthread_cond_t work; /* for the flusher */
    pthread_t flusher;
    bool has_flusher;
    bool closing;
    bool left; /* opened to be sent empty */

    char *base;
    char *sinks_text; /* as in the folder's `sinks` */
    char *sink_names; /* the same in single lines */
    const char *sinks[SPOOL_MAX_SINKS];
    size_t sink_count;
    uint64_t max_bytes;
    uint64_t segment_bytes;
    int64_t max_age_ms; /* 0: none */
    enum spool_drop drop;
    enum spool_sync sync;
    void (*appended)(void *context);
    void *context;

    uint8_t stream[BATCH_STREAM_SIZE];
    struct folder folder;
    struct folder_cursor cursors[SPOOL_MAX_SINKS];
    struct spool_past past; /* as it was opened */
    struct spool_past last; /* as of the last batch */

    struct shelf **shelves; /* oldest first */
    size_t shelf_count;
    size_t shelf_room;
    uint64_t used; /* bytes of all segments */

    struct node **cache; /* by sequence; the first is cache[cache_first] */
    size_t cache_first;
    size_t cache_count;
    size_t cache_room;
    size_t cache_bytes;
    size_t loose_count;
    size_t loose_bytes;

    struct draft draft;
    bool usable;    /* its numbers are known: it may be gone on with */
    bool grown;     /* something was appended */
    size_t wanted;  /* record size that spool_wait_room() waits for */
    bool dropping;  /* was said */
    bool failing;   /* files cannot be written */
    bool uncertain; /* batches may be missing at the end */
    bool cursors_dirty;
    bool folder_dirty;
    uint32_t code; /* why it fails */
    int64_t retry_ms;
    uint64_t damaged; /* stretches and bodies that were skipped */
    char notice[256]; /* to be said; "" for none */
    char said[256];   /* what spool_notice() gave */
};

/* notice.c: says something, once; what waits already stays. */
void notice_put(struct spool *spool, const char *format, ...) ETWAS_PRINTF(2, 3);

/* disk.c: writing, which may fail. */
void disk_flush(struct spool *spool); /* what is loose, as far as it goes */
void disk_retry(struct spool *spool); /* if files failed and it is time */
bool disk_state(struct spool *spool, bool whole);
void disk_cursors(struct spool *spool);
void disk_sync(struct spool *spool);

void draft_clear(struct spool *spool); /* draft.c: the memory, not the file */
bool draft_is_there(struct spool *spool);

/* flusher.c: a thread that syncs, retries and expires; waiting. */
ETWAS_MUST_CHECK enum etwas_status flusher_start(struct spool *spool);
void flusher_stop(struct spool *spool);
bool flusher_wait(struct spool *spool, pthread_cond_t *condition, int timeout_ms); /* false: time */
ETWAS_MUST_CHECK enum etwas_status flusher_init(struct spool *spool); /* locks and conditions */
void flusher_clear(struct spool *spool);

/* room.c: what goes, and when. */
/* OK: the record may come; AGAIN: the caller shall wait; BUSY: it is the one to be dropped. */
ETWAS_MUST_CHECK enum etwas_status room_make(struct spool *spool, size_t record_size);
void room_collect(struct spool *spool,
                  bool all); /* what all sinks have got; the last segment if `all` */
void room_expire(struct spool *spool);
uint64_t room_least_cursor(const struct spool *spool);

/* books.c: what lies between two numbers: behind `from`, up to and with `to`. */
struct tally {
    uint64_t batches;
    uint64_t traced;
    uint64_t bytes;
    int64_t oldest_ms; /* made_ms of the first; 0: there is none */
};
void books_tally(struct spool *spool, uint64_t from, uint64_t to, struct tally *tally);

/* read.c: the first batch behind a number: in the cache, or an entry of a segment. */
struct place {
    struct node *node;
    struct shelf *shelf;
    struct entry *entry;
};
ETWAS_MUST_CHECK enum etwas_status read_find(struct spool *spool, uint64_t sequence,
                                             struct place *place);

#endif
