/* SPDX-License-Identifier: MIT */
#include "tests/relay/store_kit.h"

#include <dirent.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/check.h"

bool kit_make(struct kit *kit)
{
    *kit = (struct kit){.store = NULL};
    (void)snprintf(kit->folder, sizeof kit->folder, "/tmp/etwas-store-XXXXXX");
    kit->options.folder = kit->folder;
    return mkdtemp(kit->folder) != NULL;
}

void kit_path(const struct kit *kit, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", kit->folder, name);
}

void kit_remove(struct kit *kit)
{
    kit_close(kit);
    DIR *folder = opendir(kit->folder);
    const struct dirent *entry = NULL;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    (void)rmdir(kit->folder);
}

void kit_open(struct kit *kit)
{
    const enum etwas_status status = store_open(&kit->options, &kit->store, &kit->error);
    if (status != ETWAS_OK) {
        fail_msg("%s: status %d, code %" PRIu32, kit->error.doing, status, kit->error.os_code);
    }
}

void kit_close(struct kit *kit)
{
    store_close(kit->store);
    kit->store = NULL;
}

void kit_batch(struct kit_batch *batch, unsigned stream, uint64_t sequence, uint64_t count)
{
    *batch = (struct kit_batch){.body = ""};
    struct store_incoming *incoming = &batch->incoming;
    memset(incoming->public_key, (int)stream, KEY_PUBLIC_SIZE);
    memset(incoming->head.stream, (int)stream, BATCH_STREAM_SIZE);
    memset(incoming->digest, (int)(stream + sequence), sizeof incoming->digest);
    (void)snprintf(batch->body, sizeof batch->body, "body of %u:%" PRIu64, stream, sequence);
    (void)snprintf(batch->etwas_batch, sizeof batch->etwas_batch, "seq=%" PRIu64, sequence);
    incoming->computer = "web1";
    incoming->head.sequence = sequence;
    incoming->head.count = count;
    incoming->head.books.before = (sequence - 1) * count;
    incoming->head.books.produced = sequence * count;
    incoming->parts = (struct store_signed){.authority = "relay:8080",
                                            .path = "/v1/batches",
                                            .content_type = "application/x-ndjson",
                                            .content_encoding = "zstd",
                                            .content_digest = "sha-512=:x:",
                                            .etwas_batch = batch->etwas_batch,
                                            .signature_input = "sig1=(...)",
                                            .signature = "sig1=:y:"};
    incoming->received_ms = (int64_t)(1000 * sequence);
    if (count != 0) {
        incoming->first = (int64_t)(100 * sequence);
        incoming->last = (int64_t)(100 * sequence + 99);
    }
    incoming->body = batch->body;
    incoming->size = count != 0 ? strlen(batch->body) : 0;
}

enum store_outcome kit_put(struct kit *kit, struct kit_batch *batch)
{
    struct store_incoming *incoming = &batch->incoming;
    assert_int_equal(store_put(kit->store, &incoming, 1, &kit->error), ETWAS_OK);
    return incoming->outcome;
}

void kit_put_new(struct kit *kit, unsigned stream, uint64_t sequence, uint64_t count)
{
    struct kit_batch batch;
    kit_batch(&batch, stream, sequence, count);
    assert_int_equal(kit_put(kit, &batch), STORE_STORED);
}

struct search {
    uint8_t stream;
    struct store_stream *found;
    bool is_there;
};

static bool look(void *context, const struct store_stream *stream)
{
    struct search *search = context;
    if (stream->stream[0] == search->stream) {
        *search->found = *stream;
        search->found->computer = NULL;
        search->is_there = true;
    }
    return !search->is_there;
}

bool kit_find_stream(struct kit *kit, unsigned stream, struct store_stream *found)
{
    struct store_reader *reader = NULL;
    struct search search = {.stream = (uint8_t)stream, .found = found};
    assert_int_equal(store_reader_open(kit->store, &reader, &kit->error), ETWAS_OK);
    assert_int_equal(store_streams(reader, look, &search, &kit->error), ETWAS_OK);
    store_reader_close(reader);
    return search.is_there;
}

void kit_execute(const struct kit *kit, const char *sql)
{
    char path[128];
    sqlite3 *connection = NULL;
    kit_path(kit, "etwas.db", path);
    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    const int code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    if (code != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errstr(code));
    }
}
