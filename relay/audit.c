/* SPDX-License-Identifier: MIT */
#include "relay/audit.h"

#include <stdio.h>
#include <string.h>

#include "policy/signature.h"
#include "relay/audit_streams.h"
#include "relay/lines.h"
#include "relay/moment.h"

enum {
    STREAM_TEXT = 2 * BATCH_STREAM_SIZE + 1,
    SLACK_S = 60, /* it came while the body did, in stores that were begun by the first relays */
};

const char *audit_name(enum audit_what what)
{
    static const char *const names[] = {[AUDIT_BODY] = "body",
                                        [AUDIT_HEADERS] = "headers",
                                        [AUDIT_KEY] = "key",
                                        [AUDIT_COLUMNS] = "columns",
                                        [AUDIT_NOTES] = "notes"};
    return names[what];
}

/* The request that was signed, as far as it was stored; the rest is the same for all. */
static struct signature_message message_of(const struct store_signed *parts, const char *scheme)
{
    return (struct signature_message){
        .method = "POST",
        .authority = parts->authority,
        .path = parts->path,
        .scheme = scheme,
        .header_count = 4,
        .headers = {{"content-type", parts->content_type},
                    {"content-encoding", parts->content_encoding},
                    {"content-digest", parts->content_digest},
                    {"etwas-batch", parts->etwas_batch}}
    };
}

static bool is_signed(const struct store_batch *batch, const struct signature_input *input)
{
    /* Which it was is not stored, and matters only to who signed @target-uri. */
    static const char *const schemes[] = {"http", "https"};
    const struct store_signed *parts = &batch->parts;
    uint8_t signature[SIGNATURE_SIZE];
    bool good = false;
    if (signature_value_parse(parts->signature, strlen(parts->signature), input->label,
                              signature) != ETWAS_OK ||
        signature_check_profile(input) != SIGNATURE_GOOD) {
        return false;
    }
    for (size_t i = 0; i < 2 && !good; i++) {
        const struct signature_message message = message_of(parts, schemes[i]);
        good = signature_check_key(&message, input, signature, batch->public_key) == SIGNATURE_GOOD;
    }
    return good;
}

/* Whether the body is what the digest says, which stands in the headers and once more by itself. */
static bool is_body(const struct store_batch *batch, uint8_t digest[SIGNATURE_DIGEST_SIZE])
{
    const char *text = batch->parts.content_digest;
    struct signature_digest sum;
    uint8_t is[SIGNATURE_DIGEST_SIZE];
    signature_digest_init(&sum);
    signature_digest_add(&sum, batch->body, batch->size);
    signature_digest_end(&sum, is);
    return signature_digest_parse(text, strlen(text), digest) == ETWAS_OK &&
           memcmp(is, digest, sizeof is) == 0;
}

/* Times are not signed, but they decide what is found: they must be those of the lines. */
static bool are_times(const struct store_batch *batch, const struct lines *lines)
{
    const bool timeless = lines->first == 0 && batch->missing != 0;
    const int64_t received = moment_from_unix_ms(batch->received_ms);
    return timeless ? batch->first == received && batch->last == received
                    : batch->first == lines->first && batch->last == lines->last;
}

/* The relay takes nothing whose signature is not of now. */
static bool is_received_in_time(const struct store_batch *batch,
                                const struct signature_input *input)
{
    const int64_t received_s = batch->received_ms / 1000;
    return received_s >= input->created - SIGNATURE_SKEW_S &&
           received_s <= input->expires + SIGNATURE_SKEW_S + SLACK_S;
}

static bool are_columns(const struct store_batch *batch, const uint8_t *digest, struct lines *lines)
{
    const char *text = batch->parts.etwas_batch;
    struct batch_head head;
    struct etwas_error error;
    size_t bad_line = 0;
    return memcmp(batch->digest, digest, SIGNATURE_DIGEST_SIZE) == 0 &&
           batch_head_parse(text, strlen(text), &head) == ETWAS_OK &&
           memcmp(head.stream, batch->head.stream, sizeof head.stream) == 0 &&
           head.sequence == batch->head.sequence && head.count == batch->head.count &&
           head.own == batch->head.own && head.after == batch->head.after &&
           memcmp(&head.books, &batch->head.books, sizeof head.books) == 0 &&
           lines_unpack(lines, batch->body, batch->size, &bad_line, &error) == ETWAS_OK &&
           lines->count == head.count && are_times(batch, lines);
}

/* False: it is as it was signed. */
static bool look(const struct store_batch *batch, struct lines *lines, enum audit_what *what)
{
    const struct store_signed *parts = &batch->parts;
    struct signature_input input;
    char id[KEY_ID_SIZE];
    uint8_t digest[SIGNATURE_DIGEST_SIZE];
    key_id(batch->public_key, id);
    *what = AUDIT_HEADERS;
    if (signature_input_parse(parts->signature_input, strlen(parts->signature_input), &input) !=
        ETWAS_OK) {
        return true;
    }
    if (strcmp(input.key_id, id) != 0) {
        /* Which of the two was altered shows: a name that was changed is not what was signed. */
        *what = AUDIT_KEY;
        return true;
    }
    if (!is_signed(batch, &input)) {
        return true;
    }
    *what = AUDIT_BODY;
    if (!is_body(batch, digest)) {
        return true;
    }
    *what = AUDIT_COLUMNS;
    if (!are_columns(batch, digest, lines)) {
        return true;
    }
    *what = AUDIT_NOTES;
    return !is_received_in_time(batch, &input);
}

/* The texts of a finding. */
struct words {
    char id[KEY_ID_SIZE];
    char stream[STREAM_TEXT];
};

static struct audit_finding describe(const struct store_batch *batch, enum audit_what what,
                                     struct words *words)
{
    char *id = words->id;
    char *stream = words->stream;
    key_id(batch->public_key, id);
    for (size_t i = 0; i < BATCH_STREAM_SIZE; i++) {
        (void)snprintf(stream + 2 * i, 3, "%02x", batch->head.stream[i]);
    }
    return (struct audit_finding){.what = what,
                                  .row = batch->row,
                                  .key_id = id,
                                  .computer = batch->computer,
                                  .stream = stream,
                                  .sequence = batch->head.sequence};
}

/* What an audit remembers from batch to batch. */
struct walk {
    const struct audit *audit;
    struct audit_result *result;
    struct lines lines;
    struct audit_streams streams;
};

static enum etwas_status take_batch(struct walk *walk, const struct store_batch *batch,
                                    struct etwas_error *error)
{
    const struct audit *audit = walk->audit;
    enum audit_what what = AUDIT_BODY;
    struct words words;
    bool altered = look(batch, &walk->lines, &what);
    bool follows = true;
    walk->result->batches++;
    if (altered) {
        audit_streams_interrupt(&walk->streams);
    } else {
        const enum etwas_status status =
            audit_streams_take(&walk->streams, batch, &walk->lines, &follows, error);
        if (status != ETWAS_OK) {
            return status;
        }
        altered = !follows;
        what = follows ? what : AUDIT_NOTES;
    }
    const struct audit_finding finding = describe(batch, what, &words);
    if (altered) {
        walk->result->altered++;
        audit->found(audit->context, &finding);
    } else if (audit->may_be_named != NULL && !audit->may_be_named(audit->context, &finding)) {
        walk->result->renamed++;
    }
    return ETWAS_OK;
}

/* How much there was to begin with; what comes meanwhile is looked at, too. */
struct extent {
    uint64_t batches;
    int64_t last_row;
};

/* Rows are numbered on, and retention takes the oldest: no other can be missing. */
static void look_for_hole(struct store_reader *reader, const struct audit *audit, int64_t first,
                          int64_t last, struct audit_result *result)
{
    const struct store_range all = {.row = 0, .from = INT64_MIN, .to = INT64_MAX};
    struct store_batch oldest;
    struct etwas_error error;
    if (first > last || store_next(reader, &all, &oldest, &error) != ETWAS_OK ||
        oldest.row >= first) {
        return;
    }
    result->gone += (uint64_t)(last - first) + 1;
    audit->gone(audit->context, first, last);
}

static enum etwas_status run(struct store_reader *reader, const struct audit *audit,
                             struct extent extent, struct audit_result *result,
                             struct etwas_error *error)
{
    struct store_range range = {.row = 0, .from = INT64_MIN, .to = INT64_MAX};
    struct store_batch batch;
    struct walk walk = {.audit = audit, .result = result};
    enum etwas_status status = ETWAS_OK;
    lines_init(&walk.lines);
    while (status == ETWAS_OK && (status = store_next(reader, &range, &batch, error)) == ETWAS_OK) {
        const int64_t before = range.row;
        range.row = batch.row;
        if (batch.row != before + 1) {
            audit_streams_interrupt(&walk.streams);
        }
        status = take_batch(&walk, &batch, error);
        if (before != 0) {
            look_for_hole(reader, audit, before + 1, range.row - 1, result);
        }
        if (audit->progress != NULL) {
            audit->progress(audit->context, result->batches, extent.batches);
        }
    }
    if (status == ETWAS_NOT_FOUND && range.row != 0) {
        look_for_hole(reader, audit, range.row + 1, extent.last_row, result);
    }
    lines_clear(&walk.lines);
    audit_streams_clear(&walk.streams);
    return status == ETWAS_NOT_FOUND ? ETWAS_OK : status;
}

enum etwas_status audit_run(struct store *store, const struct audit *audit,
                            struct audit_result *result, struct etwas_error *error)
{
    struct store_reader *reader = NULL;
    struct store_totals totals;
    *result = (struct audit_result){.batches = 0};
    enum etwas_status status = key_library_open();
    if (status != ETWAS_OK) {
        *error = (struct etwas_error){.status = status, .doing = "starting libsodium"};
        return status;
    }
    status = store_reader_open(store, &reader, error);
    if (status != ETWAS_OK) {
        return status;
    }
    store_totals(store, &totals);
    const struct extent extent = {.batches = totals.batches, .last_row = store_last_row(store)};
    status = run(reader, audit, extent, result, error);
    store_reader_close(reader);
    return status;
}
