/* SPDX-License-Identifier: MIT */
#include "relay/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/store_kit.h"

static struct kit kit;
static struct store_reader *reader;

static int set_up(void **state)
{
    (void)state;
    reader = NULL;
    if (!kit_make(&kit)) {
        return -1;
    }
    kit_open(&kit);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_reader_close(reader);
    kit_remove(&kit);
    return 0;
}

static void reopen(void)
{
    store_reader_close(reader);
    reader = NULL;
    kit_close(&kit);
    kit_open(&kit);
}

static void open_reader(void)
{
    assert_int_equal(store_reader_open(kit.store, &reader, &kit.error), ETWAS_OK);
}

static const struct store_range everything = {.row = 0, .from = INT64_MIN, .to = INT64_MAX};

static void what_was_put_is_read(void **state)
{
    (void)state;
    struct kit_batch put;
    struct store_batch batch;
    kit_batch(&put, 7, 1, 10);
    put.incoming.head.own = 3;
    put.incoming.head.books = (struct batch_books){0, 1, 2, 3, 4};
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    assert_int_equal(put.incoming.row, 1);
    reopen();
    open_reader();
    assert_int_equal(store_next(reader, &everything, &batch, &kit.error), ETWAS_OK);
    const struct store_incoming *is = &put.incoming;
    assert_int_equal(batch.row, 1);
    assert_memory_equal(batch.public_key, is->public_key, KEY_PUBLIC_SIZE);
    assert_memory_equal(batch.digest, is->digest, sizeof is->digest);
    assert_memory_equal(&batch.head, &is->head, sizeof is->head);
    assert_string_equal(batch.computer, "web1");
    assert_string_equal(batch.parts.authority, "relay:8080");
    assert_string_equal(batch.parts.path, "/v1/batches");
    assert_string_equal(batch.parts.content_type, "application/x-ndjson");
    assert_string_equal(batch.parts.content_encoding, "zstd");
    assert_string_equal(batch.parts.content_digest, "sha-512=:x:");
    assert_string_equal(batch.parts.etwas_batch, "seq=1");
    assert_string_equal(batch.parts.signature_input, "sig1=(...)");
    assert_string_equal(batch.parts.signature, "sig1=:y:");
    assert_int_equal(batch.received_ms, 1000);
    assert_int_equal(batch.first, 100);
    assert_int_equal(batch.last, 199);
    assert_int_equal(batch.missing, 0);
    assert_int_equal(batch.size, is->size);
    assert_memory_equal(batch.body, is->body, is->size);
}

static void what_was_put_before_is_there_already(void **state)
{
    (void)state;
    struct kit_batch put;
    kit_put_new(&kit, 1, 1, 10);
    kit_put_new(&kit, 1, 2, 10);
    kit_batch(&put, 1, 1, 10);
    assert_int_equal(kit_put(&kit, &put), STORE_HAVE);
    assert_int_equal(put.incoming.row, 0);
    reopen();
    kit_batch(&put, 1, 2, 10);
    assert_int_equal(kit_put(&kit, &put), STORE_HAVE);
    struct store_totals totals;
    store_totals(kit.store, &totals);
    assert_int_equal(totals.batches, 2);
    assert_int_equal(totals.events, 20);
}

static void a_number_has_one_digest(void **state)
{
    (void)state;
    struct kit_batch put;
    kit_put_new(&kit, 1, 1, 10);
    kit_batch(&put, 1, 1, 10);
    put.incoming.digest[63] ^= 1;
    assert_int_equal(kit_put(&kit, &put), STORE_CONFLICT);
}

static void a_stream_is_one_keys(void **state)
{
    (void)state;
    struct kit_batch put;
    kit_put_new(&kit, 1, 1, 10);
    kit_batch(&put, 1, 2, 10);
    put.incoming.public_key[0] ^= 1;
    assert_int_equal(kit_put(&kit, &put), STORE_FOREIGN);
    kit_batch(&put, 1, 1, 10);
    put.incoming.public_key[31] ^= 1;
    assert_int_equal(kit_put(&kit, &put), STORE_FOREIGN);
    kit_put_new(&kit, 1, 2, 10);
}

static void one_that_comes_after_another_waits_for_it(void **state)
{
    (void)state;
    struct kit_batch put;
    kit_batch(&put, 1, 2, 10);
    put.incoming.head.after = 1;
    assert_int_equal(kit_put(&kit, &put), STORE_EARLY);
    kit_put_new(&kit, 1, 1, 10);
    kit_batch(&put, 1, 4, 10);
    put.incoming.head.after = 3;
    assert_int_equal(kit_put(&kit, &put), STORE_EARLY);
    kit_batch(&put, 1, 2, 10);
    put.incoming.head.after = 1;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
}

static void within_a_call_those_before_count(void **state)
{
    (void)state;
    struct kit_batch put[5];
    static const uint64_t sequences[5] = {2, 1, 2, 3, 1};
    static const enum store_outcome outcomes[5] = {STORE_EARLY, STORE_STORED, STORE_STORED,
                                                   STORE_STORED, STORE_HAVE};
    struct store_incoming *all[5];
    for (size_t i = 0; i < 5; i++) {
        kit_batch(&put[i], 1, sequences[i], 10);
        put[i].incoming.head.after = sequences[i] - 1;
        all[i] = &put[i].incoming;
    }
    assert_int_equal(store_put(kit.store, all, 5, &kit.error), ETWAS_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(all[i]->outcome, outcomes[i]);
    }
    assert_int_equal(all[1]->row, 1);
    assert_int_equal(all[3]->row, 3);
    assert_int_equal(store_last_row(kit.store), 3);
}

static void what_never_came_is_noticed_by_the_next(void **state)
{
    (void)state;
    struct kit_batch put;
    struct store_stream stream;
    struct store_batch batch;
    kit_put_new(&kit, 1, 1, 10);
    kit_batch(&put, 1, 4, 10);
    put.incoming.head.own = 2;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    assert_int_equal(put.incoming.missing, 20);
    assert_false(put.incoming.first_contact);
    assert_int_equal(put.incoming.missing_first, 199);
    assert_int_equal(put.incoming.missing_last, 400);
    open_reader();
    struct store_range range = everything;
    range.row = 1;
    assert_int_equal(store_next(reader, &range, &batch, &kit.error), ETWAS_OK);
    assert_int_equal(batch.missing, 20);
    assert_int_equal(batch.missing_first, 199);
    assert_int_equal(batch.missing_last, 400);
    assert_false(batch.first_contact);
    assert_true(kit_find_stream(&kit, 1, &stream));
    assert_int_equal(stream.lost_spool, 20);
    assert_int_equal(stream.delivered, 18);
    assert_int_equal(stream.lines, 20);
    assert_int_equal(stream.sequence, 4);
    assert_int_equal(stream.unseen, 0);
    /* The equation of docs/http.md. */
    assert_int_equal(stream.lost_spool, stream.books.before + 10 - 2 - stream.delivered);
}

static void what_came_before_the_first_contact_is_unseen(void **state)
{
    (void)state;
    struct kit_batch put;
    struct store_stream stream;
    kit_batch(&put, 1, 5, 10);
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    assert_int_equal(put.incoming.missing, 40);
    assert_true(put.incoming.first_contact);
    assert_int_equal(put.incoming.missing_first, 0);
    kit_put_new(&kit, 1, 6, 10);
    assert_true(kit_find_stream(&kit, 1, &stream));
    assert_int_equal(stream.unseen, 40);
    assert_int_equal(stream.lost_spool, 0);
    assert_int_equal(stream.delivered, 20);
    assert_int_equal(stream.books.produced, stream.unseen + stream.delivered);
}

static void a_heartbeat_moves_the_books_alone(void **state)
{
    (void)state;
    struct kit_batch put;
    struct store_stream stream;
    kit_put_new(&kit, 1, 1, 10);
    kit_batch(&put, 1, 2, 0);
    put.incoming.head.books.before = 10;
    put.incoming.head.books.produced = 12;
    put.incoming.head.books.filtered = 2;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    assert_int_equal(put.incoming.row, 0);
    assert_int_equal(put.incoming.missing, 0);
    assert_int_equal(kit_put(&kit, &put), STORE_HAVE);
    reopen();
    assert_int_equal(store_last_row(kit.store), 1);
    assert_true(kit_find_stream(&kit, 1, &stream));
    assert_int_equal(stream.sequence, 2);
    assert_int_equal(stream.books.produced, 12);
    assert_int_equal(stream.books.filtered, 2);
    assert_int_equal(stream.last_seen_ms, 2000);
    assert_int_equal(stream.first_seen_ms, 1000);
}

static void a_heartbeat_that_tells_of_a_gap_has_a_row(void **state)
{
    (void)state;
    struct kit_batch put;
    struct store_batch batch;
    kit_put_new(&kit, 1, 1, 10);
    kit_batch(&put, 1, 5, 0);
    put.incoming.head.books.before = 40;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    assert_int_equal(put.incoming.row, 2);
    assert_int_equal(put.incoming.missing, 30);
    kit_batch(&put, 1, 6, 0);
    put.incoming.head.books.before = 40;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    assert_int_equal(put.incoming.missing, 0);
    open_reader();
    struct store_range range = everything;
    range.row = 1;
    range.from = 1; /* It is found by the time at which it came. */
    assert_int_equal(store_next(reader, &range, &batch, &kit.error), ETWAS_OK);
    assert_int_equal(batch.missing, 30);
    assert_int_equal(batch.size, 0);
    assert_int_equal(batch.head.count, 0);
    struct store_totals totals;
    struct store_totals again;
    store_totals(kit.store, &totals);
    reopen();
    store_totals(kit.store, &again);
    assert_memory_equal(&totals, &again, sizeof totals);
}

static void books_that_go_back_are_no_loss(void **state)
{
    (void)state;
    struct kit_batch put;
    struct store_stream stream;
    kit_put_new(&kit, 1, 1, 10);
    for (uint64_t i = 2; i < 20; i++) {
        kit_batch(&put, 1, i, 10);
        put.incoming.head.books.before = i % 2 == 0 ? 1000 : 0;
        assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    }
    assert_true(kit_find_stream(&kit, 1, &stream));
    assert_int_equal(stream.lost_spool, 990);
}

static void books_may_be_as_large_as_they_can_be(void **state)
{
    (void)state;
    struct kit_batch put;
    struct store_stream stream;
    kit_batch(&put, 1, BATCH_MAX_NUMBER, 10);
    put.incoming.head.books = (struct batch_books){
        BATCH_MAX_NUMBER, BATCH_MAX_NUMBER, BATCH_MAX_NUMBER, BATCH_MAX_NUMBER, BATCH_MAX_NUMBER};
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    assert_true(kit_find_stream(&kit, 1, &stream));
    assert_int_equal(stream.unseen, BATCH_MAX_NUMBER);
    assert_int_equal(stream.books.lost_monitor, BATCH_MAX_NUMBER);
    assert_int_equal(stream.sequence, BATCH_MAX_NUMBER);
}

static void totals_are_those_of_what_is_stored(void **state)
{
    (void)state;
    struct store_totals totals;
    store_totals(kit.store, &totals);
    assert_int_equal(totals.batches + totals.events + totals.bytes, 0);
    assert_int_equal(totals.first, 0);
    kit_put_new(&kit, 1, 3, 10);
    kit_put_new(&kit, 2, 1, 5);
    for (int i = 0; i < 2; i++) {
        store_totals(kit.store, &totals);
        assert_int_equal(totals.batches, 2);
        assert_int_equal(totals.events, 15);
        assert_int_equal(totals.bytes, 2 * strlen("body of 1:3"));
        assert_int_equal(totals.first, 100);
        assert_int_equal(totals.last, 399);
        reopen();
    }
}

/* Rows of a range, as digits. */
static void rows_in(struct store_range range, char rows[32])
{
    struct store_batch batch;
    size_t count = 0;
    while (store_next(reader, &range, &batch, &kit.error) == ETWAS_OK) {
        rows[count++] = (char)('0' + batch.row);
        range.row = batch.row;
    }
    assert_int_equal(kit.error.status, ETWAS_NOT_FOUND);
    rows[count] = '\0';
}

static void ranges_are_read_either_way(void **state)
{
    (void)state;
    char rows[32];
    /* Row i has the times 100 i to 100 i + 99. */
    for (uint64_t i = 1; i <= 5; i++) {
        kit_put_new(&kit, 1, i, 10);
    }
    struct kit_batch timeless;
    kit_batch(&timeless, 1, 6, 10);
    timeless.incoming.first = 0;
    timeless.incoming.last = 0;
    assert_int_equal(kit_put(&kit, &timeless), STORE_STORED);
    open_reader();
    static const struct {
        struct store_range range;
        const char *rows;
    } cases[] = {
        {{0, false, INT64_MIN, INT64_MAX},        "123456"},
        {{INT64_MAX, true, INT64_MIN, INT64_MAX}, "654321"},
        {{3, false, INT64_MIN, INT64_MAX},        "456"   },
        {{3, true, INT64_MIN, INT64_MAX},         "21"    },
        {{0, false, 299, 401},                    "234"   },
        {{0, false, 300, 400},                    "3"     },
        {{INT64_MAX, true, 250, INT64_MAX},       "5432"  },
        {{0, false, 600, INT64_MAX},              ""      },
        {{0, false, 1, 100},                      ""      },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rows_in(cases[i].range, rows);
        assert_string_equal(rows, cases[i].rows);
    }
}

static void a_reader_sees_what_was_put_since(void **state)
{
    (void)state;
    char rows[32];
    open_reader();
    rows_in(everything, rows);
    assert_string_equal(rows, "");
    kit_put_new(&kit, 1, 1, 10);
    rows_in(everything, rows);
    assert_string_equal(rows, "1");
}

static bool count_two(void *context, const struct store_stream *stream)
{
    unsigned *count = context;
    assert_int_equal(stream->public_key[5], *count);
    assert_string_equal(stream->computer, "web1");
    (*count)++;
    return *count < 2;
}

static void streams_come_by_key_until_it_is_enough(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned i = 3; i > 0; i--) {
        kit_put_new(&kit, i - 1, 1, 10);
    }
    open_reader();
    assert_int_equal(store_streams(reader, count_two, &count, &kit.error), ETWAS_OK);
    assert_int_equal(count, 2);
}

static unsigned mode_of(const char *name)
{
    struct stat info;
    char path[128];
    kit_path(&kit, name, path);
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void the_files_are_the_owners_alone(void **state)
{
    (void)state;
    char path[128];
    kit_put_new(&kit, 1, 1, 10);
    assert_int_equal(mode_of("etwas.db"), 0600);
    assert_int_equal(mode_of("etwas.db-wal"), 0600);
    assert_int_equal(mode_of("etwas.db-shm"), 0600);
    kit_close(&kit);
    kit_path(&kit, "etwas.db", path);
    assert_int_equal(chmod(path, 0644), 0);
    kit_open(&kit);
    assert_int_equal(mode_of("etwas.db"), 0600);
}

static void a_folder_is_made_for_its_owner_alone(void **state)
{
    (void)state;
    struct store *store = NULL;
    char path[128];
    kit_path(&kit, "new", path);
    const struct store_options options = {.folder = path};
    assert_int_equal(store_open(&options, &store, &kit.error), ETWAS_OK);
    assert_int_equal(mode_of("new"), 0700);
    store_close(store);
    char file[160];
    (void)snprintf(file, sizeof file, "%s/etwas.db", path);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(path), 0);
}

static void a_folder_is_served_by_one(void **state)
{
    (void)state;
    struct store *second = NULL;
    assert_int_equal(store_open(&kit.options, &second, &kit.error), ETWAS_BUSY);
    assert_null(second);
    kit_close(&kit);
    kit_open(&kit);
}

static void who_looks_disturbs_nobody(void **state)
{
    (void)state;
    struct store *second = NULL;
    struct store_totals totals;
    struct store_options options = kit.options;
    options.look = true;
    kit_put_new(&kit, 1, 1, 10);
    assert_int_equal(store_open(&options, &second, &kit.error), ETWAS_OK);
    store_totals(second, &totals);
    assert_int_equal(totals.events, 10);
    struct kit_batch put;
    kit_batch(&put, 1, 2, 10);
    struct store_incoming *incoming = &put.incoming;
    assert_int_equal(store_put(second, &incoming, 1, &kit.error), ETWAS_DENIED);
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
    store_close(second);
    options.folder = "/tmp/etwas-store-that-is-not-there";
    assert_int_equal(store_open(&options, &second, &kit.error), ETWAS_NOT_FOUND);
}

static enum etwas_status open_after(const char *sql)
{
    if (kit.store != NULL) {
        kit_close(&kit);
    }
    kit_execute(&kit, sql);
    return store_open(&kit.options, &kit.store, &kit.error);
}

static void a_newer_store_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_after("PRAGMA user_version = 2"), ETWAS_MALFORMED);
    assert_non_null(strstr(kit.error.doing, "newer"));
    assert_int_equal(open_after("PRAGMA user_version = 1"), ETWAS_OK);
}

static void what_is_no_store_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(open_after("PRAGMA application_id = 1"), ETWAS_MALFORMED);
    assert_non_null(strstr(kit.error.doing, "no store"));
    char path[128];
    kit_path(&kit, "etwas.db", path);
    const int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    char text[5000];
    memset(text, 'x', sizeof text);
    assert_int_equal(write(file, text, sizeof text), sizeof text);
    (void)close(file);
    assert_int_equal(store_open(&kit.options, &kit.store, &kit.error), ETWAS_MALFORMED);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, sizeof text);
}

static void a_table_that_is_gone_is_said(void **state)
{
    (void)state;
    assert_int_equal(open_after("DROP TABLE streams"), ETWAS_SYSTEM);
    assert_non_null(strstr(kit.error.doing, "damaged"));
}

static void a_backup_is_a_store(void **state)
{
    (void)state;
    char path[128];
    struct stat info;
    kit_put_new(&kit, 1, 1, 10);
    kit_path(&kit, "copy", path);
    assert_int_equal(store_backup(kit.store, path, &kit.error), ETWAS_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    kit_put_new(&kit, 1, 2, 10);
    kit_close(&kit);
    char file[128];
    kit_path(&kit, "etwas.db", file);
    assert_int_equal(rename(path, file), 0);
    kit_open(&kit);
    assert_int_equal(store_last_row(kit.store), 1);
    kit_put_new(&kit, 1, 2, 10);
}

static void a_backup_overwrites_nothing(void **state)
{
    (void)state;
    char path[128];
    kit_put_new(&kit, 1, 1, 10);
    kit_path(&kit, "etwas.db", path);
    assert_int_equal(store_backup(kit.store, path, &kit.error), ETWAS_SYSTEM);
    assert_int_equal(kit.error.os_code, EEXIST);
    kit_path(&kit, "no/folder", path);
    assert_int_equal(store_backup(kit.store, path, &kit.error), ETWAS_NOT_FOUND);
    reopen();
    assert_int_equal(store_last_row(kit.store), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_is_read),
        TEST(what_was_put_before_is_there_already),
        TEST(a_number_has_one_digest),
        TEST(a_stream_is_one_keys),
        TEST(one_that_comes_after_another_waits_for_it),
        TEST(within_a_call_those_before_count),
        TEST(what_never_came_is_noticed_by_the_next),
        TEST(what_came_before_the_first_contact_is_unseen),
        TEST(a_heartbeat_moves_the_books_alone),
        TEST(a_heartbeat_that_tells_of_a_gap_has_a_row),
        TEST(books_that_go_back_are_no_loss),
        TEST(books_may_be_as_large_as_they_can_be),
        TEST(totals_are_those_of_what_is_stored),
        TEST(ranges_are_read_either_way),
        TEST(a_reader_sees_what_was_put_since),
        TEST(streams_come_by_key_until_it_is_enough),
        TEST(the_files_are_the_owners_alone),
        TEST(a_folder_is_made_for_its_owner_alone),
        TEST(a_folder_is_served_by_one),
        TEST(who_looks_disturbs_nobody),
        TEST(a_newer_store_is_refused),
        TEST(what_is_no_store_is_left_alone),
        TEST(a_table_that_is_gone_is_said),
        TEST(a_backup_is_a_store),
        TEST(a_backup_overwrites_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
