/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/check.h"
#include "tests/relay/relay_kit.h"

/* etwass --verify and --backup, beside an etwass that serves and after it. */
enum { BATCHES = 20, EVENTS = 50 };

static struct relay relay;
static struct sender sender;
static char said[4096];

static int set_up(void **state)
{
    (void)state;
    relay_make(&relay);
    sender_make(&sender, 7, "web1");
    sender_trust(&sender, &relay, false);
    relay_start(&relay, NULL);
    for (unsigned i = 0; i < BATCHES; i++) {
        sender_post(&sender, &relay, EVENTS);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    relay_remove(&relay);
    return 0;
}

static int verify(const char *folder)
{
    const char *const arguments[] = {"etwass", "--data", folder, "--verify", NULL};
    return relay_run(arguments, said, sizeof said);
}

static int backup(const char *path)
{
    const char *const arguments[] = {"etwass", "--data", relay.folder, "--backup", path, NULL};
    return relay_run(arguments, said, sizeof said);
}

static void alter(const char *path, const char *sql)
{
    sqlite3 *connection = NULL;
    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    /* The relay locks the store for a moment each second, when it looks for what is too old. */
    assert_int_equal(sqlite3_busy_timeout(connection, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
}

static void what_came_over_the_network_can_be_verified(void **state)
{
    (void)state;
    assert_int_equal(verify(relay.folder), 0);
    assert_non_null(strstr(said, "20 batches, 0 of them altered\n"));
    sender_post(&sender, &relay, EVENTS);
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    assert_int_equal(verify(relay.folder), 0);
    assert_non_null(strstr(said, "21 batches, 0 of them altered\n"));
}

static void what_was_altered_is_named(void **state)
{
    (void)state;
    char path[128];
    char id[KEY_ID_SIZE];
    relay_path(&relay, "etwas.db", path);
    alter(path, "UPDATE batches SET body = zeroblob(size) WHERE row = 3;"
                "UPDATE batches SET count = 1 WHERE row = 5");
    assert_int_equal(verify(relay.folder), 2);
    key_id(sender.pair.public_key, id);
    assert_non_null(strstr(said, "Altered: body of row 3: batch 3 of stream "));
    assert_non_null(strstr(said, "Altered: columns of row 5: batch 5 of stream "));
    assert_non_null(strstr(said, id));
    assert_non_null(strstr(said, "20 batches, 2 of them altered\n"));
}

/* It is not signed, but the file of keys has it. */
static void a_computer_that_was_renamed_is_named(void **state)
{
    (void)state;
    char path[128];
    relay_path(&relay, "etwas.db", path);
    alter(path, "UPDATE batches SET computer = 'db7' WHERE row > 15");
    assert_int_equal(verify(relay.folder), 0);
    assert_non_null(strstr(said, "Named otherwise: db7 from row 16 on; SHA256:"));
    assert_non_null(strstr(said, " is web1 by its key's line\n"));
    assert_non_null(strstr(said, "20 batches, 0 of them altered\n5 have another computer's name"));
    assert_non_null(strstr(said, "Nothing shows the order of rows"));
}

static void a_backup_can_be_verified_and_served(void **state)
{
    (void)state;
    char path[128];
    char file[160];
    struct reply reply = {.status = 0};
    relay_path(&relay, "copy", path);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(file, sizeof file, "%s/etwas.db", path);
    assert_int_equal(backup(file), 0);
    assert_int_equal(backup(file), 2);
    assert_non_null(strstr(said, "File exists"));
    sender_post(&sender, &relay, EVENTS);
    assert_int_equal(verify(path), 0);
    assert_non_null(strstr(said, "20 batches, 0 of them altered\n"));
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    const char *const more[] = {"--data", path, NULL};
    relay_start(&relay, more);
    get(&relay, "/v1/stats", &reply);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"Events\":1000,\"Batches\":20,"));
    reply_clear(&reply);
}

static void where_there_is_no_store_there_is_nothing_to_verify(void **state)
{
    (void)state;
    char path[128];
    relay_path(&relay, "nowhere", path);
    assert_int_equal(verify(path), 4);
    assert_int_equal(relay_end(&relay, SIGTERM), 0);
    assert_int_equal(verify("/dev"), 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_came_over_the_network_can_be_verified),
        TEST(what_was_altered_is_named),
        TEST(a_computer_that_was_renamed_is_named),
        TEST(a_backup_can_be_verified_and_served),
        TEST(where_there_is_no_store_there_is_nothing_to_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
