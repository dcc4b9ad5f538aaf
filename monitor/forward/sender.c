/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/forward/recover.h"
#include "monitor/forward/sender_parts.h"
#include "monitor/local/moment.h"

enum { LEFT_EVERY_MS = 30000, ROLE_PREFIX = 5 };

static struct relay *find_relay(struct sender *sender, const struct address *address)
{
    for (size_t i = 0; i < sender->relay_count; i++) {
        if (strcmp(sender->relays[i]->address.url, address->url) == 0) {
            return sender->relays[i];
        }
    }
    if (sender->relay_count == SENDER_MAX_RELAYS) {
        return NULL;
    }
    struct relay *relay = calloc(1, sizeof *relay);
    if (relay != NULL) {
        *relay = (struct relay){.address = *address, .state = ""};
        sender->relays[sender->relay_count++] = relay;
    }
    return relay;
}

static void drop_unused_relays(struct sender *sender)
{
    size_t kept = 0;
    for (size_t i = 0; i < sender->relay_count; i++) {
        if (sender->relays[i]->users == 0) {
            free(sender->relays[i]);
        } else {
            sender->relays[kept++] = sender->relays[i];
        }
    }
    sender->relay_count = kept;
}

static struct course *find_course(const struct stream *stream, size_t sink,
                                  const struct address *address)
{
    struct course *course = stream->courses;
    while (course != NULL &&
           (course->sink != sink || strcmp(course->relay->address.url, address->url) != 0)) {
        course = course->next;
    }
    return course;
}

static void add_course(struct sender *sender, struct stream *stream, size_t sink,
                       const struct address *address)
{
    struct course *course = find_course(stream, sink, address);
    if (course == NULL) {
        struct relay *relay = find_relay(sender, address);
        course = relay == NULL ? NULL : course_open(sender, stream, sink, relay);
    }
    if (course != NULL) {
        course->unlisted = false;
    }
}

static bool is_role(const struct stream *stream, size_t sink)
{
    return strncmp(spool_sink(stream->spool, sink), "role:", ROLE_PREFIX) == 0;
}

/* Courses to all instances of the role; those that it does not have any more are marked. */
static void follow_role(struct sender *sender, struct stream *stream, size_t sink)
{
    struct address list[ROLES_INSTANCES];
    struct role role;
    const char *text = spool_sink(stream->spool, sink);
    if (sender->options.roles == NULL || role_parse(text, &role) != ETWAS_OK ||
        !roles_add(sender->options.roles, &role)) {
        return;
    }
    for (struct course *at = stream->courses; at != NULL; at = at->next) {
        if (at->sink == sink && !at->unlisted) {
            at->unlisted = true;
            at->unlisted_ms = moment_steady_ms();
        }
    }
    const size_t count = roles_get(sender->options.roles, text, list);
    for (size_t i = 0; i < count; i++) {
        add_course(sender, stream, sink, &list[i]);
    }
}

static void make_courses(struct sender *sender, struct stream *stream)
{
    for (size_t sink = 0; sink < spool_sink_count(stream->spool); sink++) {
        struct address address;
        const char *problem = NULL;
        if (is_role(stream, sink)) {
            follow_role(sender, stream, sink);
        } else if (address_parse(spool_sink(stream->spool, sink), &address, &problem) == ETWAS_OK) {
            add_course(sender, stream, sink, &address);
        }
    }
}

static void follow_roles_of(struct sender *sender, struct stream *stream)
{
    for (size_t sink = 0; sink < spool_sink_count(stream->spool); sink++) {
        if (is_role(stream, sink)) {
            follow_role(sender, stream, sink);
        }
    }
}

static void follow_roles(struct sender *sender)
{
    if (sender->options.roles == NULL) {
        return;
    }
    const uint64_t now = roles_generation(sender->options.roles);
    if (now == sender->roles_seen) {
        return;
    }
    sender->roles_seen = now;
    for (size_t i = 0; i < sender->stream_count; i++) {
        follow_roles_of(sender, &sender->streams[i]);
    }
}

static uint64_t waiting(const struct stream *stream, size_t sink)
{
    struct spool_sink_stats stats;
    spool_sink_stats(stream->spool, sink, &stats);
    return stats.waiting_batches;
}

void stream_advance(struct stream *stream, size_t sink)
{
    uint64_t least = UINT64_MAX;
    for (const struct course *at = stream->courses; at != NULL; at = at->next) {
        if (at->sink == sink && at->window.done < least) {
            least = at->window.done;
        }
    }
    if (least != UINT64_MAX && least > spool_cursor(stream->spool, sink)) {
        spool_done(stream->spool, sink, least);
    }
}

/* An instance that its role does not have any more goes when it has everything, or is away. */
static void end_unlisted(struct sender *sender, struct stream *stream, int64_t now_ms)
{
    struct course *next = NULL;
    for (struct course *course = stream->courses; course != NULL; course = next) {
        next = course->next;
        const size_t sink = course->sink;
        const bool gone = now_ms - course->unlisted_ms >= (int64_t)sender->options.gone_s * 1000 &&
                          course->relay->failing_ms != 0;
        struct spool_batch *batch = NULL;
        if (!course->unlisted || course->window.count != 0) {
            continue;
        }
        const bool all = spool_read(stream->spool, course->window.done, &batch) == ETWAS_AGAIN;
        spool_batch_free(batch);
        if (gone && !all) {
            (void)fprintf(stderr,
                          "etwas: %s: it is not among the instances of %s any more and does not "
                          "answer: it gets no more events\n",
                          course->relay->address.url, spool_sink(stream->spool, sink));
        }
        if (gone || all) {
            course_close(course);
            stream_advance(stream, sink);
        }
    }
}

static void say_notice(const struct stream *stream)
{
    const char *notice = spool_notice(stream->spool);
    if (notice != NULL) {
        (void)fprintf(stderr, "etwas: spool: %s\n", notice);
    }
}

static void close_stream(struct sender *sender, size_t index)
{
    struct stream *stream = &sender->streams[index];
    while (stream->courses != NULL) {
        course_close(stream->courses);
    }
    if (!stream->own) {
        spool_close(stream->spool);
    }
    sender->stream_count--;
    if (index != sender->stream_count) {
        *stream = sender->streams[sender->stream_count];
        for (struct course *at = stream->courses; at != NULL; at = at->next) {
            at->stream = stream;
        }
    }
}

static uint64_t waiting_in_all(const struct stream *stream)
{
    uint64_t sum = 0;
    for (size_t sink = 0; sink < spool_sink_count(stream->spool); sink++) {
        sum += waiting(stream, sink);
    }
    return sum;
}

/* What a left stream still has to say. Where there is no room for it, later. */
static void recover(struct stream *stream)
{
    if (!stream->recovered) {
        stream->recovered = recover_draft(stream->spool) != ETWAS_AGAIN;
    }
    if (stream->recovered && waiting_in_all(stream) == 0) {
        (void)!recover_books(stream->spool);
    }
}

static void open_left(struct sender *sender, int64_t now_ms)
{
    if (sender->options.left == NULL || now_ms < sender->left_ms) {
        return;
    }
    sender->left_ms = now_ms + LEFT_EVERY_MS;
    while (sender->stream_count < SENDER_MAX_STREAMS) {
        struct etwas_error error;
        struct stream *stream = &sender->streams[sender->stream_count];
        *stream = (struct stream){.own = false};
        if (spool_open_left(sender->options.left, &stream->spool, &error) != ETWAS_OK) {
            return;
        }
        sender->stream_count++;
        make_courses(sender, stream);
        recover(stream);
    }
}

/* Those that are empty make room for others. */
static void close_empty_left(struct sender *sender, int64_t now_ms)
{
    for (size_t i = sender->stream_count; i-- > 1;) {
        recover(&sender->streams[i]);
        if (waiting_in_all(&sender->streams[i]) == 0) {
            close_stream(sender, i);
            sender->left_ms = now_ms;
        }
    }
}

/* Batches of left streams for relays that are not known to be away. */
static uint64_t count_left(const struct sender *sender)
{
    uint64_t sendable = 0;
    for (size_t i = 1; i < sender->stream_count; i++) {
        const struct stream *stream = &sender->streams[i];
        for (const struct course *at = stream->courses; at != NULL; at = at->next) {
            sendable += at->relay->failing_ms == 0 ? waiting(stream, at->sink) : 0;
        }
    }
    return sendable;
}

/* What is looked at now and then only. */
static void tick(struct sender *sender, int64_t now_ms)
{
    if (now_ms < sender->tick_ms) {
        return;
    }
    sender->tick_ms = now_ms + SENDER_TICK_MS;
    for (size_t i = 0; i < sender->stream_count; i++) {
        say_notice(&sender->streams[i]);
        end_unlisted(sender, &sender->streams[i], now_ms);
    }
    close_empty_left(sender, now_ms);
    open_left(sender, now_ms);
    atomic_store(&sender->left_waiting, count_left(sender));
    drop_unused_relays(sender);
}

/* Starts what may be started; how long nothing else can be, in milliseconds. */
static int64_t run_courses(struct sender *sender, int64_t now_ms)
{
    int64_t least = sender->tick_ms - now_ms;
    for (size_t i = 0; i < sender->stream_count; i++) {
        for (struct course *at = sender->streams[i].courses; at != NULL; at = at->next) {
            const int64_t left = course_run(at, now_ms);
            least = left >= 0 && left < least ? left : least;
        }
    }
    return least > 0 ? least : 0;
}

static bool take_ended(struct sender *sender)
{
    int left = 0;
    bool any = false;
    const CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(sender->multi, &left)) != NULL) {
        char *context = NULL;
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
        struct transfer *transfer = (struct transfer *)(void *)context;
        course_take(transfer->course, transfer, message->data.result);
        any = true;
    }
    return any;
}

static void *run(void *context)
{
    struct sender *sender = context;
    while (!atomic_load(&sender->stopping)) {
        int running = 0;
        follow_roles(sender);
        tick(sender, moment_steady_ms());
        const int64_t left_ms = run_courses(sender, moment_steady_ms());
        (void)curl_multi_perform(sender->multi, &running);
        if (!take_ended(sender)) {
            (void)curl_multi_poll(sender->multi, NULL, 0, (int)left_ms, NULL);
        }
    }
    return NULL;
}

/* Signals are for the thread that waits for them. */
static bool start_thread(struct sender *sender)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    sender->started = pthread_create(&sender->thread, NULL, run, sender) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return sender->started;
}

enum etwas_status sender_open(const struct sender_options *options, struct spool *spool,
                              struct sender **sender, struct etwas_error *error)
{
    struct sender *made = calloc(1, sizeof *made);
    *sender = NULL;
    *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "starting to send"};
    if (made == NULL) {
        return ETWAS_NO_MEMORY;
    }
    made->options = *options;
    key_id(options->pair->public_key, made->key_id);
    made->multi = curl_multi_init();
    made->streams[0] = (struct stream){.spool = spool, .own = true};
    made->stream_count = 1;
    atomic_store(&made->left_waiting, options->left != NULL); /* until they have been looked for */
    if (made->multi != NULL) {
        make_courses(made, &made->streams[0]);
    }
    if (made->multi == NULL || !start_thread(made)) {
        sender_close(made);
        return ETWAS_NO_MEMORY;
    }
    *sender = made;
    return ETWAS_OK;
}

void sender_wake(struct sender *sender)
{
    (void)curl_multi_wakeup(sender->multi);
}

uint64_t sender_left_waiting(const struct sender *sender)
{
    return atomic_load(&sender->left_waiting);
}

void sender_stop(struct sender *sender)
{
    if (sender->started) {
        atomic_store(&sender->stopping, true);
        sender_wake(sender);
        (void)pthread_join(sender->thread, NULL);
        sender->started = false;
    }
}

void sender_get_counts(const struct sender *sender, size_t sink, struct sender_counts *counts)
{
    *counts = sender->streams[0].counts[sink];
}

void sender_close(struct sender *sender)
{
    if (sender == NULL) {
        return;
    }
    sender_stop(sender);
    while (sender->stream_count > 0) {
        close_stream(sender, sender->stream_count - 1);
    }
    drop_unused_relays(sender);
    (void)curl_multi_cleanup(sender->multi);
    free(sender);
}
