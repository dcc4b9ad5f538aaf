/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_TRACE_PARTS_H
#define ETWAS_MONITOR_ETL_TRACE_PARTS_H

#include "monitor/etl/buffer.h"
#include "monitor/etl/file.h"
#include "monitor/etl/trace.h"

/* What the files trace*.c share; for nobody else. */

enum { TRACE_MAX_DAMAGES = 64 /* told one by one; further ones only grow the last */ };

/* From stamps to UTC. */
struct trace_clock {
    enum trace_clock_kind { CLOCK_IS_TIME, CLOCK_RUNS_AT } kind;
    int64_t origin;    /* the stamp that belongs to `started` */
    int64_t started;   /* UTC, 100 ns */
    uint64_t ticks_up; /* time = started + (stamp - origin) * up / down, rounded down */
    uint64_t ticks_down;
};

struct trace_file {
    char *path; /* the caller's words; owned */
    struct file *file;
    uint64_t size;
    struct trace_info info;
    struct trace_clock clock;
    enum buffer_packing packing;
    char *session; /* what info points to; owned */
    char *name;
};

/* A buffer with records. */
struct run {
    uint64_t offset; /* in its file */
    int64_t first;   /* key of its first record, by which runs are sorted */
    int64_t key;     /* of its next record, once it is under way */
    uint32_t size;   /* on disk, as far as the file goes */
    uint32_t end;    /* unpacked */
    uint32_t at;     /* where its next record begins */
    uint32_t before; /* where the one before that began */
    uint32_t cpu;
    uint32_t slot; /* where its bytes are, from 1; 0: nowhere */
    uint16_t file;
    bool packed;
};

/* A run under way. Of the one at the top of the heap the run itself knows the key. */
struct way {
    int64_t key; /* of its next record */
    size_t run;
};

/* Memory for one unpacked buffer. */
struct slot {
    uint8_t *data;
    size_t capacity;
    size_t size;
    size_t run;     /* whose it is, from 1; 0: free */
    uint64_t epoch; /* records of it were handed out in it */
    uint64_t used;  /* the trace's count then: the smallest was longest ago */
};

struct trace {
    struct trace_file *files;
    size_t file_count;
    struct run *runs; /* sorted by `first`, then as they lie in the files */
    size_t run_count;
    size_t run_capacity;
    size_t next;      /* run: those before have been under way */
    struct way *heap; /* the smallest key at the top */
    size_t heap_size;
    struct run *top; /* the run at the top of the heap */
    int64_t limit;   /* up to where the run at the top comes before all others: see settle() */
    struct slot *slots;
    size_t slot_count;
    size_t memory; /* bytes of all slots */
    uint64_t epoch;
    uint64_t count;
    uint8_t *scratch; /* a packed buffer */
    size_t scratch_size;
    struct trace_damage damages[TRACE_MAX_DAMAGES];
    size_t damage_count;
};

/* Reads a run into a slot. AGAIN: all slots are pinned. */
ETWAS_MUST_CHECK enum etwas_status trace_load(struct trace *trace, size_t index);
/* The slot is free, as soon as no record of it is in use. */
void trace_forget(struct trace *trace, struct slot *slot);

/* Notes it, unless it was noted before; those that touch become one. */
void trace_note_damage(struct trace *trace, const struct trace_damage *damage);

/*
 * How many records follow one another at `at`, up to a few, if they can be believed; 0: none. Where
 * the bytes end, or are 0xff, that is the end of the last one's buffer.
 */
size_t trace_chain(const uint8_t *data, size_t size, size_t at);

/* The next place from `from` on where records go on; `size`: none. */
size_t trace_find_record(const uint8_t *data, size_t size, size_t from);

/* Where the last of the records ends that can be found from `at` on; `at`: there are none. */
size_t trace_end_of_records(const uint8_t *data, size_t size, size_t at);

/* Finds the buffers of file `index` and adds them to `runs`. NO_MEMORY, MALFORMED: no trace. */
ETWAS_MUST_CHECK enum etwas_status trace_index(struct trace *trace, size_t index,
                                               struct etwas_error *error);

/* From the first record of a file. False: it is none that describes a trace. */
bool trace_describe(struct trace_file *file, const struct etl_record *record);

int64_t trace_time(const struct trace_clock *clock, int64_t stamp);

/* A record's stamp without the rest of it; false: it has none, or cannot be one. */
bool trace_peek(const uint8_t *data, size_t size, int64_t *stamp);

/* By what records are ordered: the stamp in a single file, else the time. */
int64_t trace_key(const struct trace *trace, size_t file, int64_t stamp);

#endif
