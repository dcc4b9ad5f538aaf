/* SPDX-License-Identifier: MIT */
#include "relay/ingest.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/signature.h"
#include "relay/clock.h"
#include "relay/lines.h"

enum { MAX_WORKERS = 16, MAX_COMPUTER_PREFIX = 12, KEPT_TEXT = 1024 * 1024, CROWDED_S = 60 };

struct ingest {
    struct ingest_options options;
    pthread_mutex_t lock; /* of all below */
    struct ingest_numbers numbers;
    struct lines *idle[MAX_WORKERS]; /* room to unpack in */
    size_t idle_count;
};

struct upload {
    struct ingest *ingest;
    struct publisher *publisher;
    char computer[KEY_COMPUTER_SIZE];
    struct commit commit;
    struct signature_digest digest;
    size_t size; /* as announced */
    size_t got;
    void (*done)(void *context);
    void *context;
    char texts[]; /* those of commit.incoming.parts */
};

enum etwas_status ingest_open(const struct ingest_options *options, struct ingest **ingest,
                              struct etwas_error *error)
{
    struct ingest *made = calloc(1, sizeof *made);
    *ingest = made;
    if (made == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "starting"};
        return ETWAS_NO_MEMORY;
    }
    made->options = *options;
    (void)pthread_mutex_init(&made->lock, NULL);
    return ETWAS_OK;
}

void ingest_close(struct ingest *ingest)
{
    if (ingest == NULL) {
        return;
    }
    while (ingest->idle_count > 0) {
        struct lines *lines = ingest->idle[--ingest->idle_count];
        lines_clear(lines);
        free(lines);
    }
    (void)pthread_mutex_destroy(&ingest->lock);
    free(ingest);
}

bool ingest_trusts_local(const struct ingest *ingest)
{
    return ingest->options.trust_local;
}

static bool refuse(struct ingest *ingest, struct http_answer *answer, enum http_problem problem,
                   const char *detail)
{
    (void)pthread_mutex_lock(&ingest->lock);
    ingest->numbers.refused[problem]++;
    (void)pthread_mutex_unlock(&ingest->lock);
    http_problem(answer, problem, detail);
    return false;
}

/* What a request says of itself, parsed; nothing of it is true yet. */
struct claim {
    const struct http_request *request;
    const char *authority;
    uint64_t size;
    struct signature_input input;
    uint8_t signature[SIGNATURE_SIZE];
    uint8_t digest[SIGNATURE_DIGEST_SIZE];
    struct batch_head head;
    struct key_trust trust; /* whose key it is checked with */
    bool offered;           /* the key is the sender's own word */
    bool stranger;          /* the key is in no file */
    int64_t now_ms;         /* when it came, by which its times were judged */
};

static const char *header(const struct claim *claim, enum http_header which)
{
    return claim->request->headers[which];
}

static bool is_text(const struct claim *claim, enum http_header which, const char *expected)
{
    return strcasecmp(header(claim, which), expected) == 0;
}

static const enum http_header wanted[] = {
    HTTP_HOST,        HTTP_CONTENT_TYPE,    HTTP_CONTENT_ENCODING, HTTP_CONTENT_DIGEST,
    HTTP_ETWAS_BATCH, HTTP_SIGNATURE_INPUT, HTTP_SIGNATURE};
enum { WANTED_COUNT = sizeof wanted / sizeof wanted[0] };

/* What is missing or too long, NULL: nothing. */
static const char *bad_header(const struct claim *claim)
{
    for (size_t i = 0; i < WANTED_COUNT; i++) {
        const char *value = header(claim, wanted[i]);
        if (value == NULL || strlen(value) >= SIGNATURE_MAX_INPUT) {
            return http_header_names[wanted[i]];
        }
    }
    return NULL;
}

static bool take_size(struct claim *claim)
{
    const char *text = header(claim, HTTP_CONTENT_LENGTH);
    const size_t digits = text == NULL ? 0 : strspn(text, "0123456789");
    if (digits == 0 || digits > 15 || text[digits] != '\0') {
        return false;
    }
    claim->size = 0;
    for (size_t i = 0; i < digits; i++) {
        claim->size = claim->size * 10 + (uint64_t)(text[i] - '0');
    }
    return true;
}

/* Sizes, then the parts; the name of what is wrong, NULL: nothing. */
static const char *parse(struct claim *claim)
{
    const char *bad = bad_header(claim);
    if (bad != NULL) {
        return bad;
    }
    const char *input = header(claim, HTTP_SIGNATURE_INPUT);
    const char *signature = header(claim, HTTP_SIGNATURE);
    const char *digest = header(claim, HTTP_CONTENT_DIGEST);
    const char *head = header(claim, HTTP_ETWAS_BATCH);
    if (signature_input_parse(input, strlen(input), &claim->input) != ETWAS_OK ||
        signature_check_profile(&claim->input) != SIGNATURE_GOOD) {
        return "Signature-Input";
    }
    if (signature_value_parse(signature, strlen(signature), claim->input.label, claim->signature) !=
        ETWAS_OK) {
        return "Signature";
    }
    if (signature_digest_parse(digest, strlen(digest), claim->digest) != ETWAS_OK) {
        return "Content-Digest";
    }
    if (strlen(head) >= BATCH_HEADER_SIZE ||
        batch_head_parse(head, strlen(head), &claim->head) != ETWAS_OK) {
        return "Etwas-Batch";
    }
    if (!is_text(claim, HTTP_CONTENT_TYPE, "application/x-ndjson")) {
        return "Content-Type";
    }
    if (!is_text(claim, HTTP_CONTENT_ENCODING, "zstd")) {
        return "Content-Encoding";
    }
    return claim->request->query[0] != '\0' ? "the query" : NULL;
}

/* The key that the sender shows, if it is the one that the signature names. */
static bool take_offer(struct claim *claim)
{
    const char *text = header(claim, HTTP_ETWAS_KEY);
    char id[KEY_ID_SIZE];
    struct etwas_error error;
    if (text == NULL || key_trust_parse(text, strlen(text), &claim->trust, &error) != ETWAS_OK ||
        claim->trust.revoked) {
        return false;
    }
    key_id(claim->trust.public_key, id);
    claim->offered = true;
    return strcmp(id, claim->input.key_id) == 0;
}

static bool is_signed(const struct claim *claim)
{
    const struct http_request *request = claim->request;
    const struct signature_message message = {
        .method = request->method,
        .authority = claim->authority,
        .path = request->path,
        .scheme = request->tls ? "https" : "http",
        .header_count = 4,
        .headers = {{"content-type", header(claim, HTTP_CONTENT_TYPE)},
                    {"content-encoding", header(claim, HTTP_CONTENT_ENCODING)},
                    {"content-digest", header(claim, HTTP_CONTENT_DIGEST)},
                    {"etwas-batch", header(claim, HTTP_ETWAS_BATCH)}},
    };
    return signature_check_key(&message, &claim->input, claim->signature,
                               claim->trust.public_key) == SIGNATURE_GOOD;
}

void ingest_local_name(const char *key_id, char name[KEY_COMPUTER_SIZE])
{
    /* In letters that a name may have. */
    (void)snprintf(name, KEY_COMPUTER_SIZE, "local-%.*s", MAX_COMPUTER_PREFIX,
                   key_id + strlen("SHA256:"));
    for (; *name != '\0'; name++) {
        if (*name == '+') {
            *name = '-';
        } else if (*name == '/') {
            *name = '_';
        }
    }
}

/* Key, clock, signature; then whether somebody unknown may do this. */
static bool verify(struct ingest *ingest, struct claim *claim, struct http_answer *answer)
{
    const enum keys_standing standing =
        keys_find(ingest->options.keys, claim->input.key_id, &claim->trust);
    claim->stranger = standing == KEYS_UNKNOWN;
    claim->now_ms = clock_utc_ms();
    if (standing == KEYS_REVOKED) {
        return refuse(ingest, answer, PROBLEM_KEY, "This key was revoked");
    }
    if (standing == KEYS_UNKNOWN && !take_offer(claim)) {
        return claim->offered ? refuse(ingest, answer, PROBLEM_MALFORMED, "Etwas-Key")
                              : refuse(ingest, answer, PROBLEM_PENDING, "Etwas-Key shows the key");
    }
    if (signature_check_clock(&claim->input, claim->now_ms / 1000) != SIGNATURE_GOOD) {
        return refuse(ingest, answer, PROBLEM_CLOCK, NULL);
    }
    if (!is_signed(claim)) {
        return refuse(ingest, answer, PROBLEM_SIGNATURE, NULL);
    }
    if (standing == KEYS_UNKNOWN) {
        if (!ingest->options.trust_local || !claim->request->from_loopback) {
            keys_add_pending(ingest->options.keys, &claim->trust, claim->now_ms);
            return refuse(ingest, answer, PROBLEM_PENDING, claim->input.key_id);
        }
        ingest_local_name(claim->input.key_id, claim->trust.computer);
    }
    return true;
}

/* An upload with copies of all that the store keeps; NULL: no memory. */
static struct upload *make(const struct claim *claim)
{
    const char *const sources[] = {claim->authority,
                                   claim->request->path,
                                   header(claim, HTTP_CONTENT_TYPE),
                                   header(claim, HTTP_CONTENT_ENCODING),
                                   header(claim, HTTP_CONTENT_DIGEST),
                                   header(claim, HTTP_ETWAS_BATCH),
                                   header(claim, HTTP_SIGNATURE_INPUT),
                                   header(claim, HTTP_SIGNATURE)};
    enum { COUNT = sizeof sources / sizeof sources[0] };
    const char *copies[COUNT];
    size_t size = 0;
    for (size_t i = 0; i < COUNT; i++) {
        size += strlen(sources[i]) + 1;
    }
    struct upload *upload = calloc(1, sizeof *upload + size);
    void *body = malloc(claim->size == 0 ? 1 : claim->size);
    if (upload == NULL || body == NULL) {
        free(upload);
        free(body);
        return NULL;
    }
    char *at = upload->texts;
    for (size_t i = 0; i < COUNT; i++) {
        const size_t length = strlen(sources[i]) + 1;
        memcpy(at, sources[i], length);
        copies[i] = at;
        at += length;
    }
    upload->commit.body = body;
    upload->commit.incoming.parts = (struct store_signed){.authority = copies[0],
                                                          .path = copies[1],
                                                          .content_type = copies[2],
                                                          .content_encoding = copies[3],
                                                          .content_digest = copies[4],
                                                          .etwas_batch = copies[5],
                                                          .signature_input = copies[6],
                                                          .signature = copies[7]};
    return upload;
}

static void fill(struct upload *upload, const struct claim *claim)
{
    struct store_incoming *incoming = &upload->commit.incoming;
    memcpy(upload->computer, claim->trust.computer, sizeof upload->computer);
    memcpy(incoming->public_key, claim->trust.public_key, KEY_PUBLIC_SIZE);
    memcpy(incoming->digest, claim->digest, sizeof incoming->digest);
    incoming->computer = upload->computer;
    incoming->stranger = claim->stranger;
    incoming->received_ms = claim->now_ms;
    incoming->head = claim->head;
    incoming->body = upload->commit.body;
    incoming->size = claim->size;
    upload->size = claim->size;
    signature_digest_init(&upload->digest);
}

/* Memory for the body, and an upload to fill it. False: there is none for it now. */
static bool start(struct ingest *ingest, const struct claim *claim, struct publisher *publisher,
                  struct upload **upload)
{
    struct publishers *publishers = ingest->options.publishers;
    if (!publishers_take_memory(publishers, publisher, claim->size)) {
        return false;
    }
    *upload = make(claim);
    if (*upload == NULL) {
        publishers_give_memory(publishers, publisher, claim->size);
        return false;
    }
    (*upload)->ingest = ingest;
    (*upload)->publisher = publisher;
    fill(*upload, claim);
    return true;
}

/* The nonce, the publisher's limits, everybody's: then there is an upload. */
static bool admit(struct ingest *ingest, const struct claim *claim, struct publisher *publisher,
                  struct upload **upload, struct http_answer *answer)
{
    struct publishers *publishers = ingest->options.publishers;
    if (!publishers_take_nonce(publishers, publisher, claim->input.nonce,
                               claim->input.expires + SIGNATURE_SKEW_S, clock_utc_ms() / 1000)) {
        return refuse(ingest, answer, PROBLEM_REPLAY, NULL);
    }
    const unsigned wait_s = publishers_begin(publishers, publisher, claim->size, clock_ms());
    if (wait_s != 0) {
        (void)refuse(ingest, answer, PROBLEM_LIMIT, "More than a publisher may send");
        answer->retry_after_s = wait_s;
        return false;
    }
    if (!start(ingest, claim, publisher, upload)) {
        publishers_end(publishers, publisher);
        return refuse(ingest, answer, PROBLEM_BUSY, "No memory is left of this publisher's share");
    }
    return true;
}

/* Whoever is admitted leaves when its upload is closed. */
static bool enter(struct ingest *ingest, const struct claim *claim, struct upload **upload,
                  struct http_answer *answer)
{
    struct publishers *publishers = ingest->options.publishers;
    struct publisher *publisher =
        publishers_find(publishers, claim->trust.public_key, claim->stranger, clock_ms());
    if (publisher == NULL) {
        return refuse(ingest, answer, PROBLEM_BUSY, "Too many publishers");
    }
    const bool admitted = admit(ingest, claim, publisher, upload, answer);
    if (!admitted) {
        publishers_leave(publishers, publisher);
    }
    return admitted;
}

bool ingest_begin(struct ingest *ingest, const struct http_request *request, const char *authority,
                  struct upload **upload, struct http_answer *answer)
{
    struct claim claim = {.request = request, .authority = authority};
    *upload = NULL;
    if (!take_size(&claim)) {
        return refuse(ingest, answer, PROBLEM_MALFORMED, "Content-Length is wanted");
    }
    if (claim.size > BATCH_MAX_SENT) {
        return refuse(ingest, answer, PROBLEM_TOO_BIG, "At most 1 MiB as sent");
    }
    const char *bad = parse(&claim);
    if (bad != NULL) {
        return refuse(ingest, answer, PROBLEM_MALFORMED, bad);
    }
    return verify(ingest, &claim, answer) && enter(ingest, &claim, upload, answer);
}

void upload_add(struct upload *upload, const void *data, size_t size)
{
    if (size <= upload->size - upload->got) {
        memcpy((char *)upload->commit.body + upload->got, data, size);
        signature_digest_add(&upload->digest, data, size);
        upload->got += size;
    } else {
        upload->size = 0; /* and `got` is not what was announced */
        upload->got = 0;
    }
}

static struct lines *take_lines(struct ingest *ingest)
{
    struct lines *lines = NULL;
    (void)pthread_mutex_lock(&ingest->lock);
    if (ingest->idle_count > 0) {
        lines = ingest->idle[--ingest->idle_count];
    }
    (void)pthread_mutex_unlock(&ingest->lock);
    if (lines == NULL) {
        lines = malloc(sizeof *lines);
        if (lines != NULL) {
            lines_init(lines);
        }
    }
    return lines;
}

static void give_lines(struct ingest *ingest, struct lines *lines)
{
    if (lines->text_capacity > KEPT_TEXT) {
        lines_clear(lines); /* a rare batch is no reason to keep so much */
    }
    (void)pthread_mutex_lock(&ingest->lock);
    const bool kept = ingest->idle_count < MAX_WORKERS;
    if (kept) {
        ingest->idle[ingest->idle_count++] = lines;
    }
    (void)pthread_mutex_unlock(&ingest->lock);
    if (!kept) {
        lines_clear(lines);
        free(lines);
    }
}

static bool unpack(struct upload *upload, struct lines *lines, struct http_answer *answer)
{
    struct store_incoming *incoming = &upload->commit.incoming;
    struct etwas_error error = {.status = ETWAS_OK};
    char why[160];
    size_t bad_line = 0;
    const enum etwas_status status =
        lines_unpack(lines, upload->commit.body, upload->got, &bad_line, &error);
    if (status == ETWAS_NO_MEMORY) {
        return refuse(upload->ingest, answer, PROBLEM_BUSY, "No memory");
    }
    if (status != ETWAS_OK) {
        (void)snprintf(why, sizeof why, "Line %zu: %s", bad_line, error.doing);
        return refuse(upload->ingest, answer,
                      status == ETWAS_TOO_BIG ? PROBLEM_TOO_BIG : PROBLEM_MALFORMED, why);
    }
    if (lines->count != incoming->head.count || lines->own != incoming->head.own) {
        (void)snprintf(why, sizeof why, "There are %zu lines, %" PRIu64 " of them own",
                       lines->count, lines->own);
        return refuse(upload->ingest, answer, PROBLEM_MALFORMED, why);
    }
    incoming->first = lines->first;
    incoming->last = lines->last;
    return true;
}

static bool check_body(struct upload *upload, struct http_answer *answer)
{
    struct ingest *ingest = upload->ingest;
    uint8_t digest[SIGNATURE_DIGEST_SIZE];
    signature_digest_end(&upload->digest, digest);
    if (upload->got != upload->commit.incoming.size ||
        memcmp(digest, upload->commit.incoming.digest, sizeof digest) != 0) {
        return refuse(ingest, answer, PROBLEM_SIGNATURE, "The body is not what was signed");
    }
    struct lines *lines = take_lines(ingest);
    if (lines == NULL) {
        return refuse(ingest, answer, PROBLEM_BUSY, "No memory");
    }
    const bool good = unpack(upload, lines, answer);
    give_lines(ingest, lines);
    return good;
}

/* From the committer's thread. */
static void committed(void *context, struct commit *commit)
{
    struct upload *upload = context;
    (void)commit;
    upload->done(upload->context);
}

bool upload_end(struct upload *upload, void (*done)(void *context), void *context,
                struct http_answer *answer)
{
    struct ingest *ingest = upload->ingest;
    if (!check_body(upload, answer)) {
        return false;
    }
    upload->done = done;
    upload->context = context;
    upload->commit.done = committed;
    upload->commit.context = upload;
    if (committer_add(ingest->options.committer, &upload->commit) != ETWAS_OK) {
        return refuse(ingest, answer, PROBLEM_BUSY, "Too many batches at once");
    }
    return true;
}

static void count_stored(struct upload *upload)
{
    struct ingest *ingest = upload->ingest;
    const uint64_t events = upload->commit.incoming.head.count;
    (void)pthread_mutex_lock(&ingest->lock);
    ingest->numbers.batches += events != 0 ? 1 : 0;
    ingest->numbers.heartbeats += events == 0 ? 1 : 0;
    ingest->numbers.events += events;
    ingest->numbers.bytes += upload->size;
    (void)pthread_mutex_unlock(&ingest->lock);
    publishers_stored(ingest->options.publishers, upload->publisher, events, clock_ms());
}

static void say_status(struct http_answer *answer, const char *status)
{
    text_print(&answer->body, "{\"Status\":\"%s\"}\n", status);
}

static void say_crowded(struct upload *upload, struct http_answer *answer)
{
    char why[160];
    (void)snprintf(why, sizeof why,
                   "A new stream: a key may have %d, and keys that are not in the relay's file %d "
                   "together, until old ones are removed",
                   STORE_MAX_STREAMS_OF_KEY, STORE_MAX_STREAMS);
    (void)refuse(upload->ingest, answer, PROBLEM_LIMIT, why);
    answer->retry_after_s = CROWDED_S;
}

void upload_answer(struct upload *upload, struct http_answer *answer)
{
    struct ingest *ingest = upload->ingest;
    switch (upload->commit.outcome) {
    case COMMIT_STORED:
        count_stored(upload);
        say_status(answer, "stored");
        break;
    case COMMIT_HAVE:
        (void)pthread_mutex_lock(&ingest->lock);
        ingest->numbers.repeated++;
        (void)pthread_mutex_unlock(&ingest->lock);
        say_status(answer, "have");
        break;
    case COMMIT_CONFLICT:
        (void)refuse(ingest, answer, PROBLEM_CONFLICT, NULL);
        break;
    case COMMIT_FOREIGN:
        (void)refuse(ingest, answer, PROBLEM_KEY, "The stream is another key's");
        break;
    case COMMIT_CROWDED:
        say_crowded(upload, answer);
        break;
    case COMMIT_EARLY:
        (void)refuse(ingest, answer, PROBLEM_BUSY, "The batch before did not come");
        break;
    case COMMIT_FAILED:
        (void)refuse(ingest, answer, PROBLEM_BUSY, "The store cannot be written");
        break;
    }
}

void upload_close(struct upload *upload)
{
    if (upload == NULL) {
        return;
    }
    struct publishers *publishers = upload->ingest->options.publishers;
    publishers_end(publishers, upload->publisher);
    publishers_give_memory(publishers, upload->publisher, upload->commit.incoming.size);
    publishers_leave(publishers, upload->publisher);
    free(upload->commit.body);
    free(upload);
}

void ingest_numbers(struct ingest *ingest, struct ingest_numbers *numbers)
{
    (void)pthread_mutex_lock(&ingest->lock);
    *numbers = ingest->numbers;
    (void)pthread_mutex_unlock(&ingest->lock);
    numbers->memory = publishers_memory(ingest->options.publishers);
}
