/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_ANSWER_H
#define ETWAS_MONITOR_FORWARD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a relay said, and what follows from it (docs/http.md, "Answers"). Whoever answers may
 * be anything, a captive portal too: only what is said as a relay says it counts, and no more
 * of it is kept than fits here.
 */
enum { ANSWER_BODY_SIZE = 4096, ANSWER_FIELD_SIZE = 128 };

struct answer {
    long status;
    char type[ANSWER_FIELD_SIZE];        /* Content-Type */
    char retry_after[ANSWER_FIELD_SIZE]; /* as sent */
    char date[ANSWER_FIELD_SIZE];
    char body[ANSWER_BODY_SIZE];
    size_t size;
    bool cut; /* the body was longer */
};

void answer_init(struct answer *answer);

/* A line of the header, with or without its end. A status line begins anew. */
void answer_header(struct answer *answer, const char *line, size_t size);

/* A piece of the body. False: it is too long to be a relay's. */
bool answer_body(struct answer *answer, const void *data, size_t size);

enum answer_kind {
    ANSWER_STORED,
    ANSWER_CLOCK,     /* sign again, by the time of `date_s` */
    ANSWER_PENDING,   /* somebody has to approve the key */
    ANSWER_SIGNATURE, /* sign again once */
    ANSWER_REPLAY,    /* sign again */
    ANSWER_BUSY,      /* wait */
    ANSWER_NEVER,     /* this batch will never be taken */
    ANSWER_REFUSED,   /* nor will any other, as things are */
    ANSWER_STRANGE,   /* not what a relay says */
};

enum { ANSWER_RETRY_MAX_MS = 60000 };

struct verdict {
    enum answer_kind kind;
    const char *problem;     /* "conflict", or NULL; a literal */
    uint32_t retry_after_ms; /* 0: not said; at most ANSWER_RETRY_MAX_MS */
    int64_t date_s;          /* since 1970; -1: not said */
};

/* `now_s`: our clock, for a Retry-After that names a time and comes without a Date. */
void answer_judge(const struct answer *answer, int64_t now_s, struct verdict *verdict);

#endif
