/* SPDX-License-Identifier: MIT */
#include "relay/audit.h"

#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "policy/signature.h"
#include "tests/check.h"
#include "tests/relay/store_kit.h"

enum { BATCHES = 3, NOW_S = 1795190959 };

static struct kit kit;
static struct key_pair pair;

/* What was found, as "row what; ...". */
static char found[512];
static struct audit_finding last;
static char last_key[KEY_ID_SIZE];
static char last_stream[64];
static uint64_t progressed;

static void find(void *context, const struct audit_finding *finding)
{
    (void)context;
    const size_t size = strlen(found);
    (void)snprintf(found + size, sizeof found - size, "%s%d %s", size != 0 ? "; " : "",
                   (int)finding->row, audit_name(finding->what));
    last = *finding;
    (void)snprintf(last_key, sizeof last_key, "%s", finding->key_id);
    (void)snprintf(last_stream, sizeof last_stream, "%s", finding->stream);
}

static void lack(void *context, int64_t first, int64_t until)
{
    (void)context;
    const size_t size = strlen(found);
    (void)snprintf(found + size, sizeof found - size, "%s%d-%d gone", size != 0 ? "; " : "",
                   (int)first, (int)until);
}

static void progress(void *context, uint64_t done, uint64_t batches)
{
    (void)context;
    assert_int_equal(batches, BATCHES);
    progressed = done;
}

/* A batch as a monitor sends it. */
static void put_signed(uint64_t sequence)
{
    static const char text[] = "{\"TimeCreated\":\"2026-11-20T22:54:30.1234567Z\",\"N\":1}\n"
                               "{\"TimeCreated\":\"2026-11-20T22:54:31.0000000Z\",\"N\":2}\n";
    struct kit_batch put;
    char body[512];
    char head[BATCH_HEADER_SIZE];
    char digest[SIGNATURE_DIGEST_TEXT];
    struct signature_digest sum;
    struct signature_headers headers;
    kit_batch(&put, 0xab, sequence, 2);
    struct store_incoming *incoming = &put.incoming;
    memcpy(incoming->public_key, pair.public_key, KEY_PUBLIC_SIZE);
    incoming->received_ms = INT64_C(1000) * NOW_S;
    incoming->first = INT64_C(134396888701234567);
    incoming->last = INT64_C(134396888710000000);
    incoming->body = body;
    incoming->size = ZSTD_compress(body, sizeof body, text, sizeof text - 1, 1);
    signature_digest_init(&sum);
    signature_digest_add(&sum, body, incoming->size);
    signature_digest_end(&sum, incoming->digest);
    signature_digest_format(incoming->digest, digest);
    assert_int_equal(batch_head_format(&incoming->head, head, sizeof head), ETWAS_OK);
    const struct signature_message message = {
        .method = "POST",
        .authority = "relay:8080",
        .path = "/v1/batches",
        .header_count = 4,
        .headers = {{"content-type", "application/x-ndjson"},
                    {"content-encoding", "zstd"},
                    {"content-digest", digest},
                    {"etwas-batch", head}}
    };
    static const uint8_t nonce[16] = {1, 2, 3};
    assert_int_equal(signature_make(&message, &pair, NOW_S, nonce, &headers), ETWAS_OK);
    incoming->parts.content_digest = digest;
    incoming->parts.etwas_batch = head;
    incoming->parts.signature_input = headers.input;
    incoming->parts.signature = headers.signature;
    assert_int_equal(kit_put(&kit, &put), STORE_STORED);
}

static int set_up(void **state)
{
    (void)state;
    static const uint8_t seed[KEY_SEED_SIZE] = {7};
    if (!kit_make(&kit) || key_library_open() != ETWAS_OK) {
        return -1;
    }
    key_from_seed(&pair, seed);
    kit_open(&kit);
    for (uint64_t i = 1; i <= BATCHES; i++) {
        put_signed(i);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_remove(&kit);
    return 0;
}

/* Alters something from outside, and audits. */
static const char *audit_after(const char *sql)
{
    const struct audit audit = {.found = find, .gone = lack, .progress = progress};
    struct audit_result result;
    kit_execute(&kit, sql);
    found[0] = '\0';
    progressed = 0;
    assert_int_equal(audit_run(kit.store, &audit, &result, &kit.error), ETWAS_OK);
    assert_int_equal(result.batches, BATCHES);
    assert_int_equal(progressed, BATCHES);
    assert_int_equal(result.altered != 0, found[0] != '\0');
    return found;
}

static void what_was_not_altered_is_well(void **state)
{
    (void)state;
    assert_string_equal(audit_after(""), "");
}

static void an_altered_batch_is_named(void **state)
{
    (void)state;
    char id[KEY_ID_SIZE];
    assert_string_equal(audit_after("UPDATE batches SET body = CAST(substr(body, 1, 20) || x'00' ||"
                                    " substr(body, 22) AS BLOB) WHERE row = 2"),
                        "2 body");
    key_id(pair.public_key, id);
    assert_string_equal(last_key, id);
    assert_string_equal(last_stream, "abababababababababababababababab");
    assert_int_equal(last.sequence, 2);
}

static void every_signed_part_counts(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        const char *found;
    } cases[] = {
        {"authority = 'other:8080'",                                               "2 headers"},
        {"path = '/v2/batches'",                                                   "2 headers"},
        {"content_type = 'text/plain'",                                            "2 headers"},
        {"content_encoding = ''",                                                  "2 headers"},
        {"content_digest = replace(content_digest, 'a', 'b')",                     "2 headers"},
        {"etwas_batch = replace(etwas_batch, 'seq=2', 'seq=3')",                   "2 headers"},
        {"signature_input = replace(signature_input, '1795190959', '1795190958')", "2 headers"},
        {"signature_input = replace(signature_input, 'SHA256:', 'SHA256:x')",      "2 key"    },
        {"signature_input = ''",                                                   "2 headers"},
        {"signature = replace(signature, 'sig1=:', 'sig2=:')",                     "2 headers"},
        {"signature = 'sig1=:AAAA:'",                                              "2 headers"},
        {"body = zeroblob(0)",                                                     "2 body"   },
        {"body = CAST(body || x'00' AS BLOB)",                                     "2 body"   },
        {"digest = zeroblob(64)",                                                  "2 columns"},
        {"sequence = 9",                                                           "2 columns"},
        {"count = 3",                                                              "2 columns"},
        {"own = 1",                                                                "2 columns"},
        {"after = 1",                                                              "2 columns"},
        {"before = 0",                                                             "2 columns"},
        {"produced = 1",                                                           "2 columns"},
        {"lost_monitor = 1",                                                       "2 columns"},
        {"first = first + 1",                                                      "2 columns"},
        {"last = last - 1",                                                        "2 columns"},
        {"stream = 99",                                                            "2 key"    },
        {"received_ms = received_ms + 86400000",                                   "2 notes"  },
        {"received_ms = 0",                                                        "2 notes"  },
        {"missing = 1",                                                            "2 notes"  },
        {"first_contact = 1",                                                      "2 notes"  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char sql[512];
        (void)snprintf(sql, sizeof sql,
                       "CREATE TABLE kept AS SELECT * FROM batches;"
                       "UPDATE batches SET %s WHERE row = 2",
                       cases[i].sql);
        assert_string_equal(audit_after(sql), cases[i].found);
        assert_string_equal(audit_after("DELETE FROM batches;"
                                        "INSERT INTO batches SELECT * FROM kept;"
                                        "DROP TABLE kept"),
                            "");
    }
}

/* Batch 4 did not come, and 5 says so. */
static void what_was_missing_follows_from_those_before(void **state)
{
    (void)state;
    static const char *const notes[] = {"missing = 0", "missing = 3", "missing_first = 0",
                                        "missing_first = missing_first + 1",
                                        "missing_last = missing_last - 1"};
    const struct audit audit = {.found = find, .gone = lack};
    struct audit_result result;
    put_signed(BATCHES + 2);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        char sql[512];
        (void)snprintf(sql, sizeof sql,
                       "CREATE TABLE kept AS SELECT * FROM batches;"
                       "UPDATE batches SET %s WHERE row = 4",
                       notes[i]);
        kit_execute(&kit, sql);
        found[0] = '\0';
        assert_int_equal(audit_run(kit.store, &audit, &result, &kit.error), ETWAS_OK);
        assert_string_equal(found, "4 notes");
        kit_execute(&kit, "DELETE FROM batches; INSERT INTO batches SELECT * FROM kept;"
                          "DROP TABLE kept");
    }
    /* Without the one before nobody knows, up to a point. */
    kit_execute(&kit, "DELETE FROM batches WHERE row < 4");
    found[0] = '\0';
    assert_int_equal(audit_run(kit.store, &audit, &result, &kit.error), ETWAS_OK);
    assert_string_equal(found, "");
    kit_execute(&kit, "UPDATE batches SET missing = 99");
    assert_int_equal(audit_run(kit.store, &audit, &result, &kit.error), ETWAS_OK);
    assert_string_equal(found, "4 notes");
}

static bool may_be_named(void *context, const struct audit_finding *finding)
{
    assert_string_equal(finding->key_id, last_key);
    return strcmp(finding->computer, context) == 0;
}

static void names_are_asked_for(void **state)
{
    (void)state;
    char name[] = "web1";
    const struct audit audit = {
        .found = find, .gone = lack, .may_be_named = may_be_named, .context = name};
    struct audit_result result;
    key_id(pair.public_key, last_key);
    assert_int_equal(audit_run(kit.store, &audit, &result, &kit.error), ETWAS_OK);
    assert_int_equal(result.renamed, 0);
    kit_execute(&kit, "UPDATE batches SET computer = 'web9' WHERE row > 1");
    assert_int_equal(audit_run(kit.store, &audit, &result, &kit.error), ETWAS_OK);
    assert_int_equal(result.renamed, 2);
    assert_int_equal(result.altered, 0);
}

static void a_stream_that_was_given_to_another_key_is_named(void **state)
{
    (void)state;
    assert_string_equal(audit_after("UPDATE streams SET key = zeroblob(32)"),
                        "1 key; 2 key; 3 key");
    assert_string_equal(audit_after("UPDATE streams SET key = x'00'"), "1 key; 2 key; 3 key");
}

static void batches_that_were_exchanged_are_named(void **state)
{
    (void)state;
    assert_string_equal(audit_after("UPDATE batches SET sequence = 99 WHERE row = 1;"
                                    "UPDATE batches SET sequence = 1 WHERE row = 2;"
                                    "UPDATE batches SET sequence = 2 WHERE row = 1"),
                        "1 columns; 2 columns");
}

static const char *audit_without(const char *sql, uint64_t gone)
{
    const struct audit audit = {.found = find, .gone = lack};
    struct audit_result result;
    kit_execute(&kit, sql);
    found[0] = '\0';
    assert_int_equal(audit_run(kit.store, &audit, &result, &kit.error), ETWAS_OK);
    assert_int_equal(result.altered, 0);
    assert_int_equal(result.gone, gone);
    return found;
}

static void what_was_taken_out_is_told_from_what_became_old(void **state)
{
    (void)state;
    assert_string_equal(audit_without("DELETE FROM batches WHERE row = 2", 1), "2-2 gone");
    assert_string_equal(audit_without("DELETE FROM batches WHERE row = 3", 2), "2-3 gone");
    put_signed(4);
    assert_string_equal(audit_without("", 2), "2-3 gone");
    assert_string_equal(audit_without("DELETE FROM batches WHERE row < 4", 0), "");
}

static void it_can_be_done_beside_the_relay(void **state)
{
    (void)state;
    struct store *served = kit.store;
    struct store_options options = kit.options;
    options.look = true;
    assert_int_equal(store_open(&options, &kit.store, &kit.error), ETWAS_OK);
    assert_string_equal(audit_after(""), "");
    store_close(kit.store);
    kit.store = served;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_not_altered_is_well),
        TEST(an_altered_batch_is_named),
        TEST(every_signed_part_counts),
        TEST(what_was_missing_follows_from_those_before),
        TEST(names_are_asked_for),
        TEST(a_stream_that_was_given_to_another_key_is_named),
        TEST(batches_that_were_exchanged_are_named),
        TEST(what_was_taken_out_is_told_from_what_became_old),
        TEST(it_can_be_done_beside_the_relay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
