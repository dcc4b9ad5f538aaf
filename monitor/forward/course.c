/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitor/forward/sender_parts.h"
#include "monitor/local/moment.h"

enum {
    BUSY_SAID_MS = 5000,  /* a relay may be busy for so long without a word about it */
    READ_AGAIN_MS = 1000, /* after the spool could not be read */
    CLOCK_SMALL_S = 2,    /* an offset that changes by so little does not explain a refusal */
    REASON_SIZE = 400,
};

struct course *course_open(struct sender *sender, struct stream *stream, size_t sink,
                           struct relay *relay)
{
    struct course *course = calloc(1, sizeof *course);
    if (course == NULL) {
        return NULL;
    }
    *course = (struct course){
        .next = stream->courses, .sender = sender, .stream = stream, .sink = sink, .relay = relay};
    window_init(&course->window, spool_cursor(stream->spool, sink));
    for (size_t i = 0; i < WINDOW_MAX; i++) {
        course->transfers[i].course = course;
    }
    stream->courses = course;
    relay->users++;
    sender->course_count++;
    return course;
}

void course_close(struct course *course)
{
    struct course **link = &course->stream->courses;
    while (*link != course) {
        link = &(*link)->next;
    }
    *link = course->next;
    for (size_t i = 0; i < WINDOW_MAX; i++) {
        transfer_clear(&course->transfers[i]);
    }
    course->relay->users--;
    course->sender->course_count--;
    free(course);
}

static struct transfer *free_transfer(struct course *course)
{
    size_t index = 0;
    while (index < WINDOW_MAX && course->transfers[index].batch != NULL) {
        index++;
    }
    return index < WINDOW_MAX ? &course->transfers[index] : NULL;
}

/* One batch is always allowed: else a big one would never be sent. */
static bool has_memory(const struct course *course)
{
    const size_t share = SENDER_FLIGHT_BYTES / course->sender->course_count;
    return course->window.count == 0 || course->flying_bytes < share;
}

/* OK: a batch was sent; AGAIN: there is none; else it did not work. */
static enum etwas_status send_next(struct course *course)
{
    struct spool_batch *batch = NULL;
    struct transfer *transfer = free_transfer(course);
    if (transfer == NULL) {
        return ETWAS_AGAIN;
    }
    const enum etwas_status status =
        spool_read(course->stream->spool, window_last(&course->window), &batch);
    if (status != ETWAS_OK) {
        return status;
    }
    const uint64_t sequence = batch->head.sequence;
    if (!transfer_start(transfer, batch)) {
        return ETWAS_NO_MEMORY;
    }
    window_sent(&course->window, sequence);
    return ETWAS_OK;
}

int64_t course_run(struct course *course, int64_t now_ms)
{
    struct relay *relay = course->relay;
    if (now_ms < relay->retry_ms) {
        return relay->retry_ms - now_ms;
    }
    while (window_has_room(&course->window) && has_memory(course)) {
        const enum etwas_status status = send_next(course);
        if (status == ETWAS_AGAIN) {
            break;
        }
        if (status != ETWAS_OK) {
            return READ_AGAIN_MS;
        }
    }
    return -1;
}

/* What was sent behind `sequence` waits there for it in vain. */
static void forget_behind(struct course *course, uint64_t sequence)
{
    for (size_t i = 0; i < WINDOW_MAX; i++) {
        struct transfer *transfer = &course->transfers[i];
        if (transfer->batch != NULL && transfer->batch->head.sequence > sequence) {
            transfer_end(transfer);
        }
    }
}

static struct sender_counts *counts_of(struct course *course)
{
    return &course->stream->counts[course->sink];
}

static void send_again(struct course *course, uint64_t sequence)
{
    counts_of(course)->retries++;
    forget_behind(course, sequence);
    window_failed(&course->window, sequence);
}

static void take_stored(struct course *course, const struct spool_batch *batch)
{
    struct sender_counts *counts = counts_of(course);
    counts->sent_batches++;
    counts->sent_events += batch->head.count;
    window_stored(&course->window, batch->head.sequence);
    relay_delivers(course->relay);
}

static void park(struct course *course, const struct spool_batch *batch,
                 const struct verdict *verdict)
{
    struct sender_counts *counts = counts_of(course);
    const uint64_t sequence = batch->head.sequence;
    counts->parked_batches++;
    counts->parked_events += batch->head.count - batch->head.own;
    const bool kept = spool_park(course->stream->spool, course->sink, batch, verdict->problem);
    relay_say_parked(course, sequence, verdict->problem, kept);
    forget_behind(course, sequence);
    window_given_up(&course->window, sequence);
    if (verdict->kind == ANSWER_REFUSED) {
        /* So will the others be, unless somebody does something: give them time. */
        relay_back_off(course->sender, course->relay, 0);
    }
}

/* Its clock is what counts there. At once, unless that has been tried. */
static void take_clock(struct course *course, const struct verdict *verdict)
{
    struct relay *relay = course->relay;
    const int64_t offset_s = verdict->date_s - (int64_t)time(NULL);
    const int64_t change_s = offset_s - relay->offset_s;
    const bool explains =
        verdict->date_s >= 0 && (change_s > CLOCK_SMALL_S || change_s < -CLOCK_SMALL_S);
    if (!explains) {
        relay_failed(course, "the relay does not take the time of our signature", NULL);
        relay_back_off(course->sender, relay, verdict->retry_after_ms);
        return;
    }
    relay->offset_s = offset_s;
    (void)fprintf(stderr,
                  "etwas: %s: its clock is %" PRId64 " s %s ours; batches are signed by its "
                  "clock\n",
                  relay->address.url, offset_s < 0 ? -offset_s : offset_s,
                  offset_s < 0 ? "behind" : "ahead of");
}

static void take_pending(struct course *course)
{
    char what[REASON_SIZE];
    struct sender *sender = course->sender;
    (void)snprintf(what, sizeof what, "on the relay: etwass --approve %s", sender->key_id);
    relay_failed(course, "the relay does not know this key yet", what);
    course->relay->retry_ms = moment_steady_ms() + sender->options.pending_ms;
}

static void take_busy(struct course *course, const struct verdict *verdict)
{
    const struct relay *relay = course->relay;
    const bool long_now =
        relay->failing_ms != 0 && moment_steady_ms() - relay->failing_ms >= BUSY_SAID_MS;
    relay_failed(course, long_now ? "the relay is busy" : NULL, NULL);
    relay_back_off(course->sender, course->relay, verdict->retry_after_ms);
}

static void take_strange(struct course *course, const struct transfer *transfer,
                         const struct verdict *verdict)
{
    char what[REASON_SIZE];
    const long status = transfer->answer.status;
    (void)snprintf(what, sizeof what, "HTTP status %ld", status);
    if (status >= 300 && status < 400) {
        relay_failed(course, "sends elsewhere, which is not followed: give --sink the place itself",
                     what);
    } else if (status >= 500) {
        relay_failed(course, "the relay has a fault", what);
    } else {
        relay_failed(course, "what answers there is no relay", what);
    }
    relay_back_off(course->sender, course->relay, verdict->retry_after_ms);
}

static void take_verdict(struct course *course, struct transfer *transfer,
                         const struct verdict *verdict)
{
    const uint64_t sequence = transfer->batch->head.sequence;
    const bool again = verdict->kind == ANSWER_SIGNATURE && course->resigned != sequence;
    if (verdict->kind == ANSWER_STORED) {
        take_stored(course, transfer->batch);
        return;
    }
    if (verdict->kind == ANSWER_NEVER || verdict->kind == ANSWER_REFUSED ||
        (verdict->kind == ANSWER_SIGNATURE && !again)) {
        park(course, transfer->batch, verdict);
        return;
    }
    if (again) {
        course->resigned = sequence;
    } else if (verdict->kind == ANSWER_CLOCK) {
        take_clock(course, verdict);
    } else if (verdict->kind == ANSWER_PENDING) {
        take_pending(course);
    } else if (verdict->kind == ANSWER_BUSY) {
        take_busy(course, verdict);
    } else if (verdict->kind == ANSWER_REPLAY) {
        relay_back_off(course->sender, course->relay, 0);
    } else {
        take_strange(course, transfer, verdict);
    }
    send_again(course, sequence);
}

/* Who answers is not who he should be, or cannot be known. */
static void take_stranger(struct course *course, const struct transfer *transfer, CURLcode code)
{
    char what[REASON_SIZE];
    const char *ca = course->sender->options.ca_file;
    if (code == CURLE_SSL_CACERT_BADFILE) {
        relay_failed(course, "whom to trust cannot be read", ca);
        return;
    }
    (void)snprintf(what, sizeof what, "%s; %s%s",
                   transfer->problem[0] != 0 ? transfer->problem : curl_easy_strerror(code),
                   ca == NULL ? "--ca FILE says whom to trust" : "trusted is ",
                   ca == NULL ? "" : ca);
    relay_failed(course, "the relay's certificate is not good", what);
}

/* No answer came, or none that ends. */
static void take_failure(struct course *course, struct transfer *transfer, CURLcode code)
{
    long number = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
    const bool unreached = code == CURLE_COULDNT_CONNECT && number != 0;
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
        take_stranger(course, transfer, code);
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        relay_failed(course, "relay does not answer", "nothing came in time");
    } else {
        relay_failed(course, "relay does not answer",
                     unreached ? strerror((int)number) : curl_easy_strerror(code));
    }
    relay_back_off(course->sender, course->relay, 0);
    send_again(course, transfer->batch->head.sequence);
}

void course_take(struct course *course, struct transfer *transfer, CURLcode code)
{
    struct verdict verdict;
    const uint64_t before = course->window.done;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->answer.status);
    answer_judge(&transfer->answer, (int64_t)time(NULL), &verdict);
    /* An answer that is too long is no relay's, but an answer. */
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && transfer->answer.cut)) {
        take_verdict(course, transfer, &verdict);
    } else {
        take_failure(course, transfer, code);
    }
    transfer_end(transfer);
    if (course->window.done != before) {
        stream_advance(course->stream, course->sink);
    }
}
