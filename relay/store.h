/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_STORE_H
#define ETWAS_RELAY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/batch.h"
#include "ipc/status.h"
#include "policy/key.h"

/*
 * What a relay keeps, in one SQLite file (WAL): batches as they were received, with all that is
 * needed to verify them again; for each (key, stream) how far it came and its books, which
 * outlive the batches; publishers and what is known of them.
 *
 * One thread at a time puts (the committer); each thread that reads has a reader of its own.
 * Nothing here decodes an event: lines.h does, for whoever reads.
 */
struct store;

struct store_options {
    const char *folder; /* "etwas.db" in it, mode 0600; the folder is made with 0700 */
    uint64_t max_bytes; /* that the batches take on disk; 0: no limit */
    uint64_t max_age_s; /* since they were received; 0: no limit */
    bool look; /* only read, back up or audit, while another process may serve the folder */
};

/*
 * Makes what is not there (not to look: then NOT_FOUND). BUSY: another process serves the folder;
 * MALFORMED: no store of ours, or of a newer version; `error->doing` says which.
 */
ETWAS_MUST_CHECK enum etwas_status store_open(const struct store_options *options,
                                              struct store **store, struct etwas_error *error);
void store_close(struct store *store); /* NULL is fine; readers are closed before */

/*
 * Streams keep their books for good, so there is an end to how many may be begun. A key that has
 * all of its own makes room for one more by giving up the one that is silent longest, if none of
 * its batches is stored any more and it is silent for so long that nothing that was signed for it
 * can come again; what its books say goes into a sum of that key's.
 */
enum {
    STORE_MAX_STREAMS_OF_KEY = 1024,
    STORE_MAX_STREAMS = 64 * 1024, /* of all; from there on strangers begin no more */
    STORE_SILENT_MS = 60 * 60 * 1000,
};

/* The request as signed, to be verified again: header values, zero-terminated. */
struct store_signed {
    const char *authority;
    const char *path;
    const char *content_type;
    const char *content_encoding;
    const char *content_digest;
    const char *etwas_batch;
    const char *signature_input;
    const char *signature;
};

enum store_outcome {
    STORE_STORED,   /* is on disk */
    STORE_HAVE,     /* was stored before, or is below what was */
    STORE_CONFLICT, /* this number was stored with another digest */
    STORE_FOREIGN,  /* the stream is another key's */
    STORE_EARLY,    /* head.after is not stored yet: come again */
    STORE_CROWDED,  /* a new stream, and there are too many */
    STORE_FAILED,   /* nothing of this call is stored: disk full ... */
};

struct store_incoming {
    uint8_t public_key[KEY_PUBLIC_SIZE];
    const char *computer;
    struct batch_head head;
    uint8_t digest[64];
    struct store_signed parts;
    int64_t received_ms; /* UTC since 1970 */
    int64_t first;       /* times of events, as struct line; 0 for heartbeats */
    int64_t last;
    const void *body;
    size_t size;
    bool stranger; /* nobody has named its key */
    /* set by store_put(): */
    bool first_contact; /* STORED: the stream's first batch here: what is missing came before it,
                           and is not counted as lost */
    enum store_outcome outcome;
    int64_t row;      /* STORED: its row, larger than all before; 0 for a heartbeat, which only
                         moves its stream's books, unless it is the one to tell of a gap */
    uint64_t missing; /* STORED: traced events of the stream that never came, noticed just now */
    int64_t missing_first; /* between which event times; 0: not known */
    int64_t missing_last;
};

/* One transaction, on disk when it returns. OK even when single batches were refused. */
ETWAS_MUST_CHECK enum etwas_status store_put(struct store *store, struct store_incoming **incoming,
                                             size_t count, struct etwas_error *error);

/*
 * Removes what is too old or too much, in steps of some milliseconds between which others may
 * put, and moves what was put from the log into the database. Call it about once a second from a
 * thread that does nothing else; it returns after a second or so even when there is more to do.
 * `*removed`: batches.
 */
ETWAS_MUST_CHECK enum etwas_status store_retain(struct store *store, int64_t now_ms,
                                                uint64_t *removed, struct etwas_error *error);

struct store_totals {
    uint64_t batches;
    uint64_t events; /* lines */
    uint64_t bytes;  /* of bodies */
    int64_t first;   /* event times; 0: nothing is stored */
    int64_t last;
};
void store_totals(struct store *store, struct store_totals *totals); /* any thread, no query */

/* --- reading --- */

struct store_reader;
ETWAS_MUST_CHECK enum etwas_status
store_reader_open(struct store *store, struct store_reader **reader, struct etwas_error *error);
void store_reader_close(struct store_reader *reader);

/* A stored batch; borrowed from the reader until its next call. */
struct store_batch {
    int64_t row;
    const uint8_t *public_key; /* KEY_PUBLIC_SIZE bytes */
    const char *computer;
    struct batch_head head;
    const uint8_t *digest;
    struct store_signed parts;
    int64_t received_ms;
    int64_t first;
    int64_t last;
    uint64_t missing; /* as of struct store_incoming */
    bool first_contact;
    int64_t missing_first;
    int64_t missing_last;
    const void *body;
    size_t size;
};

/* The first row > `row` (or, descending, < `row`) whose events may lie in [from, to). NOT_FOUND. */
struct store_range {
    int64_t row;
    bool descending;
    int64_t from; /* INT64_MIN, INT64_MAX: any */
    int64_t to;
};
ETWAS_MUST_CHECK enum etwas_status store_next(struct store_reader *reader,
                                              const struct store_range *range,
                                              struct store_batch *batch, struct etwas_error *error);

/* The last row, 0 for none. */
int64_t store_last_row(struct store *store);
/* The oldest row that is there; without any both are INT64_MAX. What was borrowed stays. */
struct store_oldest {
    int64_t row;
    int64_t last; /* the time of its last event */
};
ETWAS_MUST_CHECK enum etwas_status
store_oldest(struct store_reader *reader, struct store_oldest *oldest, struct etwas_error *error);

struct store_stream {
    uint8_t public_key[KEY_PUBLIC_SIZE];
    uint8_t stream[BATCH_STREAM_SIZE];
    const char *computer;
    uint64_t sequence;   /* the highest stored */
    uint64_t delivered;  /* traced events stored in all, retention notwithstanding */
    uint64_t lost_spool; /* traced events that never came */
    uint64_t unseen;     /* traced events before the first batch that came here */
    uint64_t lines;      /* stored in all */
    uint64_t bytes;
    struct batch_books books; /* as of `sequence` */
    int64_t first_seen_ms;
    int64_t last_seen_ms;
    uint64_t former; /* not 0: no stream, but the sums of so many that were given up */
};

/*
 * All streams, by key, the newest first; `each` returns false to stop. The struct is borrowed for
 * the call.
 */
ETWAS_MUST_CHECK enum etwas_status store_streams(struct store_reader *reader,
                                                 bool (*each)(void *context,
                                                              const struct store_stream *stream),
                                                 void *context, struct etwas_error *error);

/* A consistent copy while others put, mode 0600 and on disk; `path` must not exist. */
ETWAS_MUST_CHECK enum etwas_status store_backup(struct store *store, const char *path,
                                                struct etwas_error *error);

#endif
