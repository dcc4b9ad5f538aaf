/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_SENDER_PARTS_H
#define ETWAS_MONITOR_FORWARD_SENDER_PARTS_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "monitor/forward/address.h"
#include "monitor/forward/answer.h"
#include "monitor/forward/roles.h"
#include "monitor/forward/sender.h"
#include "monitor/forward/window.h"

/*
 * What sender.c, course.c, transfer.c and relay.c share. A relay is a place that batches are sent
 * to. A stream is a spool; for each of its sinks and each relay of the sink it has a course, which
 * knows what is under way. All of it belongs to the sender's thread.
 */
enum {
    SENDER_MAX_RELAYS = 64,
    SENDER_MAX_STREAMS = 5, /* our own and left ones */
    SENDER_FLIGHT_BYTES = 8 * 1024 * 1024,
    SENDER_TICK_MS = 1000,
};

struct relay {
    struct address address;
    size_t users;     /* courses */
    int64_t offset_s; /* of its clock to ours */
    unsigned failures;
    int64_t retry_ms;   /* steady clock: nothing is sent before */
    int64_t failing_ms; /* since when; 0: it is not failing */
    const char *state;  /* what was said of it last; "": nothing, or that it delivers */
    int64_t parked_said_ms;
};

struct course;

struct transfer {
    struct course *course;
    CURL *easy;
    struct curl_slist *headers;
    struct spool_batch *batch; /* NULL: it is free */
    struct answer answer;
    char problem[CURL_ERROR_SIZE]; /* what libcurl says of a failure; "": nothing */
};

struct stream {
    struct spool *spool;
    bool own;
    bool recovered; /* a left one: what its program was filling is in it */
    struct course *courses;
    struct sender_counts counts[SPOOL_MAX_SINKS];
};

struct course {
    struct course *next; /* of the stream */
    struct sender *sender;
    struct stream *stream;
    size_t sink;
    struct relay *relay;
    struct window window;
    size_t flying_bytes;
    uint64_t resigned; /* the batch that was signed again because of its signature */
    bool unlisted;     /* the role does not have this instance any more */
    int64_t unlisted_ms;
    struct transfer transfers[WINDOW_MAX];
};

struct sender {
    struct sender_options options;
    char key_id[KEY_ID_SIZE];
    CURLM *multi;
    pthread_t thread;
    bool started;
    atomic_bool stopping;
    atomic_uint_least64_t left_waiting;
    size_t relay_count;
    struct relay *relays[SENDER_MAX_RELAYS];
    size_t stream_count;
    struct stream streams[SENDER_MAX_STREAMS]; /* the first is our own */
    size_t course_count;
    size_t flying_bytes;
    uint64_t roles_seen; /* roles_generation() of what the courses are made of */
    int64_t tick_ms;     /* when the next tick is due */
    int64_t left_ms;     /* when left streams are looked for next */
};

/* relay.c: what is known about a relay and said about it. */

/* Says `state` unless it was said last; NULL: nothing is to be said yet. */
void relay_failed(struct course *course, const char *state, const char *detail);
void relay_delivers(struct relay *relay);
/* Before the next try: full jitter, unless the relay named a time. */
void relay_back_off(struct sender *sender, struct relay *relay, uint32_t at_least_ms);
void relay_say_parked(struct course *course, uint64_t sequence, const char *problem, bool kept);

/* transfer.c: one request. */

/* Takes the batch; false: it cannot be sent now. */
bool transfer_start(struct transfer *transfer, struct spool_batch *batch);
void transfer_end(struct transfer *transfer); /* it is free again */
void transfer_clear(struct transfer *transfer);

/* course.c: one stream to one relay. */
struct course *course_open(struct sender *sender, struct stream *stream, size_t sink,
                           struct relay *relay);
void course_close(struct course *course);
/* Sends what may be sent now; milliseconds until there may be more, -1: not by the time. */
int64_t course_run(struct course *course, int64_t now_ms);
/* The transfer has come to its end, one way or the other. */
void course_take(struct course *course, struct transfer *transfer, CURLcode code);

/* sender.c */
/* Tells the spool how far all relays of the sink have got. */
void stream_advance(struct stream *stream, size_t sink);

#endif
