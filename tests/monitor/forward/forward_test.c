/* SPDX-License-Identifier: MIT */
#include "monitor/forward/forward.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/monitor/forward/server.h"

enum { PATIENCE_MS = 20000, FILL_MS = 40, SILENCE_MS = 150, MAX_NUMBERS = 4096 };

static char folder[64];
static char spool_path[96];
static char key_path[96];
static char what[FORWARD_WHAT_SIZE];
static struct server *servers[2];
static struct sink *sink;
static struct forward_options options;
static const char *sinks[4];
static struct etwas_error error;
static struct source_accounts accounts;
static struct source_position position;

static const char *field_name(const struct schema *schema, uint16_t index)
{
    (void)schema;
    (void)index;
    return "Number";
}

static struct value field(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)index;
    (void)arena;
    return (struct value){.type = VALUE_UINT, .as.u = event->keywords};
}

static const struct schema traced = {.provider = "Test",
                                     .event_name = "Event",
                                     .field_count = 1,
                                     .field_name = field_name,
                                     .field = field};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(long time_ms)
{
    const struct timespec pause = {.tv_nsec = time_ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/etwas-forward-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(spool_path, sizeof spool_path, "%s/spool", folder);
    (void)snprintf(key_path, sizeof key_path, "%s/config/key", folder);
    servers[0] = server_open(0);
    servers[1] = NULL;
    sink = NULL;
    sinks[0] = server_url(servers[0]);
    accounts = (struct source_accounts){0};
    memset(&position, 0, sizeof position);
    options = (struct forward_options){.session = "",
                                       .sink_count = 1,
                                       .sinks = sinks,
                                       .spool = spool_path,
                                       .key = key_path,
                                       .sync = SPOOL_SYNC_NEVER,
                                       .fill_ms = FILL_MS,
                                       .silence_ms = 600000,
                                       .stall_s = 1,
                                       .backoff_max_ms = 50,
                                       .pending_ms = 30};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sink_close(sink);
    server_close(servers[0]);
    server_close(servers[1]);
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void take(const struct sink_books *books, struct source_accounts *now,
                 struct source_position *where)
{
    (void)books;
    *now = accounts;
    *where = position;
}

static void checkpoint(void)
{
    const struct sink_books books = {.take = take};
    sink->ops->checkpoint(sink, &books);
}

static void open_sink(void)
{
    assert_int_equal(forward_open(&options, &sink, what, &error), ETWAS_OK);
    checkpoint();
}

/* Writes events with these numbers, as a source does. */
static void write_numbers(uint64_t first, size_t count)
{
    static struct event events[256];
    while (count > 0) {
        const size_t part = count < 256 ? count : 256;
        for (size_t i = 0; i < part; i++) {
            events[i] = (struct event){.schema = &traced,
                                       .time = EVENT_UNIX_EPOCH,
                                       .level = EVENT_LEVEL_NONE,
                                       .keywords = first + i};
        }
        accounts.produced += part;
        accounts.delivered += part;
        assert_int_equal(sink->ops->write(sink, events, part, &error), ETWAS_OK);
        checkpoint();
        first += part;
        count -= part;
    }
}

static void finish(void)
{
    checkpoint();
    assert_int_equal(forward_finish(sink, &error), ETWAS_OK);
}

/* One batch of one event. */
static void write_batch(uint64_t number)
{
    write_numbers(number, 1);
    finish();
}

static uint64_t waiting(void)
{
    struct forward_waiting now;
    forward_waiting(sink, &now);
    return now.batches + now.left;
}

static void await_sent(void)
{
    const int64_t until = now_ms() + PATIENCE_MS;
    while (waiting() != 0 && now_ms() < until) {
        pause_ms(2);
    }
    assert_int_equal(waiting(), 0);
}

/* How often each number came in what the server said was stored; its batches must be good. */
static void count_numbers(struct server *server, unsigned counts[MAX_NUMBERS])
{
    memset(counts, 0, MAX_NUMBERS * sizeof *counts);
    for (size_t i = 0; i < server_count(server); i++) {
        const struct seen *seen = server_seen(server, i);
        const char *at = seen->lines;
        assert_true(seen->verified);
        while ((at = strstr(at, "\"Number\":")) != NULL) {
            at += strlen("\"Number\":");
            const unsigned long number = strtoul(at, NULL, 10);
            assert_true(number < MAX_NUMBERS);
            counts[number]++;
        }
    }
}

static void what_is_written_arrives_once_and_in_order(void **state)
{
    (void)state;
    static unsigned counts[MAX_NUMBERS];
    open_sink();
    write_numbers(0, 4000);
    finish();
    await_sent();
    count_numbers(servers[0], counts);
    for (size_t i = 0; i < 4000; i++) {
        assert_int_equal(counts[i], 1);
    }
    for (size_t i = 0; i < server_count(servers[0]); i++) {
        assert_true(server_seen(servers[0], i)->size <= BATCH_MAX_LINES);
    }
}

static void a_batch_says_which_it_is_and_what_the_books_are(void **state)
{
    (void)state;
    open_sink();
    accounts.filtered = 7;
    accounts.produced = 12;
    accounts.lost_kernel = 5;
    write_numbers(0, 3);
    finish();
    await_sent();
    write_batch(3);
    await_sent();
    const struct batch_head *first = &server_seen(servers[0], 0)->head;
    const struct batch_head *second = &server_seen(servers[0], 1)->head;
    assert_int_equal(first->sequence, 1);
    assert_int_equal(first->count, 3);
    assert_int_equal(first->books.before, 0);
    assert_int_equal(first->books.produced, 15);
    assert_int_equal(first->books.filtered, 7);
    assert_int_equal(first->books.lost_kernel, 5);
    assert_int_equal(second->sequence, 2);
    assert_int_equal(second->after, 0);
    assert_int_equal(second->books.before, 3);
    assert_int_equal(second->books.produced, 16);
    assert_memory_equal(first->stream, second->stream, BATCH_STREAM_SIZE);
}

static void a_batch_waits_until_it_is_old_enough(void **state)
{
    (void)state;
    options.fill_ms = 100;
    open_sink();
    write_numbers(0, 1);
    const int64_t start = now_ms();
    enum etwas_status status = ETWAS_AGAIN;
    while (status == ETWAS_AGAIN && now_ms() - start < PATIENCE_MS) {
        pause_ms(2);
        status = sink->ops->flush(sink, &error);
    }
    assert_int_equal(status, ETWAS_OK);
    assert_true(now_ms() - start >= 40);
    await_sent();
    assert_int_equal(server_count(servers[0]), 1);
}

static void silence_is_broken_by_heartbeats(void **state)
{
    (void)state;
    options.silence_ms = SILENCE_MS;
    open_sink();
    write_batch(0);
    accounts.filtered = 4;
    accounts.produced += 4;
    const int64_t until = now_ms() + PATIENCE_MS;
    while (server_count(servers[0]) < 3 && now_ms() < until) {
        checkpoint();
        assert_int_equal(sink->ops->flush(sink, &error), ETWAS_OK);
        pause_ms(5);
    }
    const struct seen *beat = server_seen(servers[0], 2);
    assert_true(beat->verified);
    assert_int_equal(beat->head.count, 0);
    assert_int_equal(beat->size, 0);
    assert_int_equal(beat->head.books.produced, 5);
    assert_int_equal(beat->head.books.filtered, 4);
    assert_true(beat->at_ms - server_seen(servers[0], 1)->at_ms >= SILENCE_MS / 2);
}

static void no_heartbeat_waits_behind_another(void **state)
{
    (void)state;
    static const struct reply hold = {.kind = REPLY_HOLD};
    options.silence_ms = 1;
    options.stall_s = 30;
    server_script(servers[0], &hold, 1);
    open_sink();
    write_batch(0);
    assert_true(server_await(servers[0], 1));
    for (int i = 0; i < 20; i++) {
        checkpoint();
        assert_int_equal(sink->ops->flush(sink, &error), ETWAS_OK);
        pause_ms(2);
    }
    assert_int_equal(waiting(), 1);
    server_release(servers[0]);
    await_sent();
}

static void several_are_under_way_once_one_has_arrived(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD},
        {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD},
        {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD}, {.kind = REPLY_HOLD},
    };
    options.stall_s = 30;
    open_sink();
    write_batch(0);
    await_sent();
    server_script(servers[0], script, sizeof script / sizeof script[0]);
    for (uint64_t i = 1; i < 21; i++) {
        write_batch(i);
    }
    assert_true(server_await(servers[0], 9));
    pause_ms(50);
    assert_int_equal(server_count(servers[0]), 9); /* the window is full */
    server_release(servers[0]);
    await_sent();
    assert_int_equal(server_most(servers[0]), 8);
    bool named = true;
    for (size_t i = 0; i < server_count(servers[0]); i++) {
        const struct batch_head *head = &server_seen(servers[0], i)->head;
        named = named && (head->after == 0 || head->after == head->sequence - 1);
    }
    assert_true(named);
}

/* Sends ten batches while the first answers are these; all must arrive, none twice as stored. */
static void survive(const struct reply *script, size_t count)
{
    static unsigned counts[MAX_NUMBERS];
    server_script(servers[0], script, count);
    open_sink();
    for (uint64_t i = 0; i < 10; i++) {
        write_batch(i);
    }
    await_sent();
    assert_true(server_count(servers[0]) >= 10 + count);
    count_numbers(servers[0], counts);
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(counts[i], 1, 1 + count * 8);
    }
    uint64_t last = 0;
    for (size_t i = count; i < server_count(servers[0]); i++) {
        const struct batch_head *head = &server_seen(servers[0], i)->head;
        last = head->sequence > last ? head->sequence : last;
        assert_true(head->after < head->sequence);
    }
    assert_int_equal(last, 10);
    forward_stop(sink);
    assert_int_equal(forward_lost(sink), 0);
}

static void what_is_no_answer_is_tried_again(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_CLOSE},
        {.kind = REPLY_CUT},
        {.kind = REPLY_CUT},
        {.kind = REPLY_CLOSE},
    };
    survive(script, sizeof script / sizeof script[0]);
}

static void who_hangs_is_noticed(void **state)
{
    (void)state;
    static const struct reply script[] = {{.kind = REPLY_HANG}};
    const int64_t start = now_ms();
    survive(script, 1);
    assert_true(now_ms() - start >= 900);
}

static void a_slow_answer_is_an_answer(void **state)
{
    (void)state;
    static const struct reply script[] = {{.kind = REPLY_SLOW}};
    server_script(servers[0], script, 1);
    open_sink();
    write_batch(0);
    await_sent();
    assert_int_equal(server_count(servers[0]), 1);
}

static void answers_of_others_count_for_nothing(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_PLAIN, .status = 200                     },
        {                                .kind = REPLY_PLAIN,      .status = 404                                  },
        {              .kind = REPLY_PLAIN,                   .status = 500                                  },
        { .kind = REPLY_PLAIN,                   .status = 307,                                    .headers = "Location: http://127.0.0.1:1/\r\n"},
        {                                                             .kind = REPLY_HUGE      },
        {                                                     .kind = REPLY_BODY,
         .status = 200,
         .type = "text/plain",
         .problem = "{\"Status\":\"stored\"}"},
        {                                                               .kind = REPLY_BODY,
         .status = 200,
         .type = "application/json",
         .problem = "{\"Status\":1}"},
        {                                                  .kind = REPLY_BODY,     .status = 200,                                    .type = "application/json", .problem = "{"},
        {                                                     .kind = REPLY_BODY,
         .status = 400,
         .type = "text/html",
         .problem = "{\"type\":\"urn:etwas:problem:malformed\"}"},
        {                                .kind = REPLY_PROBLEM,      .status = 400, .problem = "of-tomorrow"},
    };
    survive(script, sizeof script / sizeof script[0]);
}

static void a_busy_relay_is_left_alone_for_as_long_as_it_says(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_PROBLEM, .status = 503, .problem = "busy", .headers = "Retry-After: 1\r\n"}
    };
    server_script(servers[0], script, 1);
    open_sink();
    write_batch(0);
    await_sent();
    assert_int_equal(server_count(servers[0]), 2);
    assert_true(server_seen(servers[0], 1)->at_ms - server_seen(servers[0], 0)->at_ms >= 1000);
}

static void batches_are_signed_by_the_relay_s_clock(void **state)
{
    (void)state;
    static char date[64];
    static struct reply script[] = {
        {.kind = REPLY_PROBLEM, .status = 401, .problem = "clock", .headers = date}
    };
    const time_t there = time(NULL) + 7200;
    struct tm parts;
    (void)strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n",
                   gmtime_r(&there, &parts));
    server_script(servers[0], script, 1);
    open_sink();
    write_batch(0);
    await_sent();
    write_batch(1);
    await_sent();
    assert_int_equal(server_count(servers[0]), 3);
    const int64_t before = server_seen(servers[0], 0)->signed_s;
    assert_in_range(server_seen(servers[0], 1)->signed_s - before, 7198, 7210);
    assert_in_range(server_seen(servers[0], 2)->signed_s - before, 7198, 7210);
}

static void an_unknown_key_goes_on_trying(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_PROBLEM, .status = 401, .problem = "pending"  },
        {.kind = REPLY_PROBLEM, .status = 401, .problem = "pending"  },
        {.kind = REPLY_PROBLEM, .status = 401, .problem = "replay"   },
        {.kind = REPLY_PROBLEM, .status = 401, .problem = "signature"},
    };
    survive(script, sizeof script / sizeof script[0]);
}

static size_t count_parked(void)
{
    char command[256];
    char text[32] = "";
    (void)snprintf(command, sizeof command, "find %s -path '*/parked/*.batch' | wc -l", spool_path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(text, sizeof text, pipe));
    (void)pclose(pipe);
    return strtoul(text, NULL, 10);
}

static void what_will_never_be_taken_is_parked_and_the_rest_goes_on(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_STORED   },
        { .kind = REPLY_PROBLEM, .status = 409, .problem = "conflict"},
        {  .kind = REPLY_PROBLEM, .status = 400, .problem = "malformed"},
        { .kind = REPLY_PROBLEM, .status = 413, .problem = "too-big"},
        {   .kind = REPLY_PROBLEM, .status = 403, .problem = "key"},
        {       .kind = REPLY_PROBLEM, .status = 421, .problem = "host"},
    };
    server_script(servers[0], script, sizeof script / sizeof script[0]);
    open_sink();
    for (uint64_t i = 0; i < 10; i++) {
        write_batch(i);
        await_sent();
    }
    assert_int_equal(server_count(servers[0]), 10);
    assert_int_equal(count_parked(), 5);
    forward_stop(sink);
    assert_int_equal(forward_lost(sink), 5);
}

static void a_signature_refused_twice_parks_the_batch(void **state)
{
    (void)state;
    static const struct reply script[] = {
        {.kind = REPLY_PROBLEM, .status = 401, .problem = "signature"},
        {.kind = REPLY_PROBLEM, .status = 401, .problem = "signature"},
    };
    server_script(servers[0], script, 2);
    open_sink();
    write_batch(0);
    await_sent();
    write_batch(1);
    await_sent();
    assert_int_equal(server_count(servers[0]), 3);
    assert_int_equal(server_seen(servers[0], 1)->head.sequence, 1);
    assert_int_equal(server_seen(servers[0], 2)->head.sequence, 2);
    assert_int_equal(count_parked(), 1);
}

static void a_slow_sink_holds_no_other_up(void **state)
{
    (void)state;
    static const struct reply hold = {.kind = REPLY_HOLD};
    servers[1] = server_open(0);
    sinks[1] = server_url(servers[1]);
    options.sink_count = 2;
    options.stall_s = 30;
    server_script(servers[0], &hold, 1);
    open_sink();
    for (uint64_t i = 0; i < 30; i++) {
        write_batch(i);
    }
    assert_true(server_await(servers[1], 30));
    assert_int_equal(server_count(servers[0]), 1);
    server_release(servers[0]);
    await_sent();
}

static void a_relay_that_comes_later_gets_everything(void **state)
{
    (void)state;
    static unsigned counts[MAX_NUMBERS];
    const uint16_t port = server_port(servers[0]);
    char url[64];
    (void)snprintf(url, sizeof url, "%s", server_url(servers[0]));
    sinks[0] = url;
    server_close(servers[0]);
    servers[0] = NULL;
    open_sink();
    for (uint64_t i = 0; i < 20; i++) {
        write_batch(i);
    }
    pause_ms(100);
    servers[0] = server_open(port);
    await_sent();
    count_numbers(servers[0], counts);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(counts[i], 1);
    }
}

static void the_next_run_goes_on_with_the_stream(void **state)
{
    (void)state;
    static const struct reply hang = {.kind = REPLY_HANG};
    server_script(servers[0], &hang, 1);
    open_sink();
    write_batch(0);
    assert_true(server_await(servers[0], 1));
    sink_close(sink);
    sink = NULL;
    accounts = (struct source_accounts){0};
    open_sink();
    write_batch(1);
    await_sent();
    assert_int_equal(server_count(servers[0]), 3);
    const struct batch_head *last = &server_seen(servers[0], 2)->head;
    assert_int_equal(server_seen(servers[0], 1)->head.sequence, 1);
    assert_int_equal(last->sequence, 2);
    assert_int_equal(last->books.before, 1);
    assert_int_equal(last->books.produced, 2);
    assert_memory_equal(last->stream, server_seen(servers[0], 0)->head.stream, BATCH_STREAM_SIZE);
}

static void what_others_left_is_sent_too(void **state)
{
    (void)state;
    static const struct reply hang = {.kind = REPLY_HANG};
    servers[1] = server_open(0);
    server_script(servers[0], &hang, 1);
    open_sink();
    write_batch(0);
    assert_true(server_await(servers[0], 1));
    sink_close(sink);
    sink = NULL;
    sinks[0] = server_url(servers[1]);
    open_sink();
    assert_true(server_await(servers[0], 2)); /* another sink, but the same folder of spools */
    await_sent();
    assert_int_equal(server_seen(servers[0], 1)->head.sequence, 1);
    assert_int_equal(server_count(servers[1]), 0);
}

static void the_user_s_key_signs_and_others_cannot_read_it(void **state)
{
    (void)state;
    struct stat about;
    char config[96];
    open_sink();
    assert_int_equal(stat(key_path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    (void)snprintf(config, sizeof config, "%s/config", folder);
    assert_int_equal(stat(config, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    sink_close(sink);
    sink = NULL;
    assert_int_equal(chmod(key_path, 0640), 0);
    assert_int_equal(forward_open(&options, &sink, what, &error), ETWAS_DENIED);
    assert_null(sink);
    assert_non_null(strstr(what, "next: chmod 600"));
}

static void the_books_go_on_where_the_session_does(void **state)
{
    (void)state;
    position = (struct source_position){.session = 9, .lane_count = 1};
    options.session = "S";
    open_sink();
    accounts.produced = 5; /* the kernel is ahead of us */
    write_batch(0);
    await_sent();
    sink_close(sink);
    sink = NULL;
    accounts = (struct source_accounts){.produced = 5}; /* these, counted by the source anew */
    open_sink();
    write_batch(1);
    await_sent();
    const struct batch_head *last = &server_seen(servers[0], 1)->head;
    assert_int_equal(last->books.produced, 7);
    assert_int_equal(last->books.lost_monitor, 0);
}

static void what_a_session_that_is_gone_had_left_is_lost(void **state)
{
    (void)state;
    position = (struct source_position){.session = 9, .lane_count = 1};
    options.session = "S";
    open_sink();
    accounts.produced = 5;
    write_batch(0);
    await_sent();
    sink_close(sink);
    sink = NULL;
    accounts = (struct source_accounts){0};
    position.session = 10;
    open_sink();
    write_batch(1);
    await_sent();
    const struct batch_head *last = &server_seen(servers[0], 1)->head;
    assert_int_equal(last->books.produced, 7);
    assert_int_equal(last->books.lost_monitor, 5);
}

static void write_file(const char *path, const char *text)
{
    char next[128];
    (void)snprintf(next, sizeof next, "%s.next", path);
    FILE *file = fopen(next, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(next, path), 0);
}

static void all_instances_of_a_role_get_everything(void **state)
{
    (void)state;
    char path[96];
    char text[512];
    servers[1] = server_open(0);
    (void)snprintf(path, sizeof path, "%s/discovery.json", folder);
    (void)snprintf(text, sizeof text, "{\"roles\":{\"web\":{\"in\":[\"%s\"]}}}",
                   server_url(servers[0]));
    write_file(path, text);
    options.discovery = path;
    sinks[0] = "role:web:in";
    open_sink();
    write_batch(0);
    await_sent();
    assert_int_equal(server_count(servers[0]), 1);
    (void)snprintf(text, sizeof text, "{\"roles\":{\"web\":{\"in\":[\"%s\",\"%s\"]}}}",
                   server_url(servers[0]), server_url(servers[1]));
    write_file(path, text);
    for (uint64_t i = 1; server_count(servers[1]) == 0 && i < 1000; i++) {
        write_batch(i);
        pause_ms(10);
    }
    await_sent();
    assert_true(server_count(servers[1]) > 0);
    const struct seen *last = server_seen(servers[1], server_count(servers[1]) - 1);
    const struct seen *other = server_seen(servers[0], server_count(servers[0]) - 1);
    assert_int_equal(last->head.sequence, other->head.sequence);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(what_is_written_arrives_once_and_in_order),
        CLAIM(a_batch_says_which_it_is_and_what_the_books_are),
        CLAIM(a_batch_waits_until_it_is_old_enough),
        CLAIM(silence_is_broken_by_heartbeats),
        CLAIM(no_heartbeat_waits_behind_another),
        CLAIM(several_are_under_way_once_one_has_arrived),
        CLAIM(what_is_no_answer_is_tried_again),
        CLAIM(who_hangs_is_noticed),
        CLAIM(a_slow_answer_is_an_answer),
        CLAIM(answers_of_others_count_for_nothing),
        CLAIM(a_busy_relay_is_left_alone_for_as_long_as_it_says),
        CLAIM(batches_are_signed_by_the_relay_s_clock),
        CLAIM(an_unknown_key_goes_on_trying),
        CLAIM(what_will_never_be_taken_is_parked_and_the_rest_goes_on),
        CLAIM(a_signature_refused_twice_parks_the_batch),
        CLAIM(a_slow_sink_holds_no_other_up),
        CLAIM(a_relay_that_comes_later_gets_everything),
        CLAIM(the_next_run_goes_on_with_the_stream),
        CLAIM(what_others_left_is_sent_too),
        CLAIM(the_user_s_key_signs_and_others_cannot_read_it),
        CLAIM(the_books_go_on_where_the_session_does),
        CLAIM(what_a_session_that_is_gone_had_left_is_lost),
        CLAIM(all_instances_of_a_role_get_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
