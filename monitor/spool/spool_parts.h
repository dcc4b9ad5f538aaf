/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_SPOOL_PARTS_H
#define ETWAS_MONITOR_SPOOL_SPOOL_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "monitor/spool/folder.h"
#include "monitor/spool/segment.h"
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

/* A batch in memory, and the record it is on disk. */
struct node {
    struct spool_batch batch; /* first */
    _Atomic uint32_t users;   /* the cache is one */
    struct shelf *shelf;      /* of one in the cache: where it is on disk; NULL: loose */
    struct shelf *held;       /* of one read from disk: counts as its user */
    bool digested;            /* under digest_lock */
    size_t size;              /* of the record */
    _Alignas(8) uint8_t record[];
};

/* Where a batch is in a segment. */
struct entry {
    uint64_t sequence;
    uint64_t before;
    int64_t made_ms;
    uint32_t offset;
    uint32_t size; /* of the record */
    uint32_t body;
    uint32_t traced;
    bool gone; /* dropped or damaged, while its neighbours are there */
};

/* A segment. */
struct shelf {
    _Atomic uint32_t users; /* the spool is one, others are batches read from it */
    uint64_t number;
    uint64_t salt;
    uint64_t size;           /* of what is good of the file */
    uint64_t prior_sequence; /* of the last batch before this segment, */
    uint64_t prior_before;   /* and the events up to and with it */
    uint64_t last;           /* sequence of its last batch, or as prior_sequence */
    uint64_t batches;        /* those that are not gone */
    uint64_t traced;
    uint64_t bytes;
    int64_t youngest_ms;
    int file;              /* -1: not open now; then there are no entries, either */
    bool dirty;            /* written since it was synced */
    bool keep;             /* some entries are gone: they are nowhere else */
    struct entry *entries; /* owned; NULL: not read */
    size_t entry_count;
    size_t entry_room;
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

/* cache.c */
struct node *node_make(const struct batch_head *head, const struct source_position *position,
                       const void *body, size_t size);
struct node *node_room(size_t record_size); /* for a record that is read from disk */
void node_release(struct node *node);
size_t node_cost(const struct node *node);
void node_digest(struct spool *spool, struct node *node);

/* Takes the node over; what is on disk makes room. NO_MEMORY: it stays the caller's. */
ETWAS_MUST_CHECK enum etwas_status cache_add(struct spool *spool, struct node *node);
struct node *cache_find(const struct spool *spool, uint64_t sequence);
struct node *cache_first_loose(const struct spool *spool, uint64_t behind); /* or NULL */
void cache_remove(struct spool *spool, struct node *node);
void cache_forget_shelf(struct spool *spool, const struct shelf *shelf);
void cache_forget_until(struct spool *spool, uint64_t sequence);
bool cache_uses(const struct spool *spool, const struct shelf *shelf); /* somebody reads one */
void cache_set_loose(struct spool *spool);                             /* all of it */
void cache_settled(struct spool *spool, struct node *node, struct shelf *shelf);
void cache_clear(struct spool *spool);

/* shelf.c */
ETWAS_MUST_CHECK enum etwas_status shelf_load_all(struct spool *spool);
/* Its entries are there then. NOT_FOUND: the segment had to be taken out of the spool. */
ETWAS_MUST_CHECK enum etwas_status shelf_open(struct spool *spool, struct shelf *shelf);
void shelf_release(struct shelf *shelf);
bool shelf_remove(struct spool *spool, size_t index); /* and its file; false: it has to stay */
void shelf_forget_all(struct spool *spool);           /* not their files */
void shelf_entry_gone(struct shelf *shelf, struct entry *entry);
size_t shelf_entry_behind(const struct shelf *shelf, uint64_t sequence);
ETWAS_MUST_CHECK uint32_t shelf_write(struct spool *spool, struct node *node);

/* disk.c: writing, which may fail. */
void disk_flush(struct spool *spool); /* what is loose, as far as it goes */
void disk_retry(struct spool *spool); /* if files failed and it is time */
bool disk_state(struct spool *spool, bool whole);
void disk_cursors(struct spool *spool);
void disk_sync(struct spool *spool);

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
