/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <zstd.h>

#include "ipc/batch.h"
#include "policy/signature.h"
#include "tests/bench/fleet/fleet.h"

enum {
    BODY_SIZE = 1024 * 1024,
    HEADERS = 7,
    HEADER_SIZE = 2200,
    PATIENCE_US = 20000000, /* at the end, for the answers under way */
};

struct publisher {
    size_t index;
    struct key_pair pair;
    struct batch_head head; /* of the batch under way, or of the last one */
    int64_t due_us;
    int64_t sent_us;
    bool under_way;
    bool again; /* the batch was refused for now */
    CURL *easy;
    struct curl_slist *headers;
    size_t size;
    char *body;
};

struct crowd {
    struct fleet *fleet;
    CURLM *multi;
    ZSTD_CCtx *packer;
    struct publisher *publishers;
    size_t under_way;
    char authority[32];
    char text[BODY_SIZE];
};

/* Answers are short; of those that refuse, the first few are shown. */
static size_t hear(char *bytes, size_t one, size_t size, void *context)
{
    static unsigned shown;
    long status = 0;
    (void)one;
    (void)curl_easy_getinfo((CURL *)context, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 && shown < 3) {
        shown++;
        (void)fprintf(stderr, "status %ld: %.*s\n", status, (int)size, bytes);
    }
    return size;
}

static bool prepare(struct crowd *crowd, struct publisher *publisher, size_t index)
{
    char url[64];
    (void)snprintf(url, sizeof url, "http://%s/v1/batches", crowd->authority);
    publisher->index = index;
    publisher->body = malloc(BODY_SIZE);
    publisher->easy = curl_easy_init();
    key_make(&publisher->pair);
    if (publisher->body == NULL || publisher->easy == NULL ||
        getrandom(publisher->head.stream, BATCH_STREAM_SIZE, 0) != BATCH_STREAM_SIZE) {
        return false;
    }
    CURL *easy = publisher->easy;
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, publisher) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, hear) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, easy) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, publisher->body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L) == CURLE_OK;
}

/*
 * Lines that say who made them and when, filled up to their size with something not constant. With
 * a rate they were made one after the other while the batch was filled.
 */
static size_t write_lines(struct crowd *crowd, const struct publisher *publisher, size_t count,
                          int64_t now_us)
{
    struct timespec now;
    struct tm parts;
    char moment[32];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &parts));
    const size_t line = crowd->fleet->options.line;
    char *at = crowd->text;
    const int64_t filled_us =
        crowd->fleet->options.rate == 0 ? 0 : (int64_t)crowd->fleet->options.batch_ms * 1000;
    for (size_t i = 0; i < count && (size_t)(at - crowd->text) + line + 400 < BODY_SIZE; i++) {
        char *begin = at;
        at += snprintf(
            at, 400,
            "{\"TimeCreated\":\"%s.%07ldZ\",\"Provider\":\"Fleet\",\"EventId\":1,"
            "\"EventName\":\"Load\",\"ProcessId\":%zu,\"EventData\":{\"Publisher\":%zu,"
            "\"Batch\":%" PRIu64 ",\"Made\":%" PRId64 ",\"Number\":%" PRIu64 ",\"Text\":\"",
            moment, now.tv_nsec / 100, publisher->index + 1000, publisher->index,
            publisher->head.sequence, now_us - filled_us + filled_us * (int64_t)i / (int64_t)count,
            publisher->head.books.before + i);
        uint64_t mixed = (publisher->head.books.before + i) * UINT64_C(0x9e3779b97f4a7c15);
        while ((size_t)(at - begin) + 12 < line) {
            mixed = mixed * UINT64_C(6364136223846793005) + 1;
            at += snprintf(at, 12, "w%02u-%04x ", (unsigned)(mixed >> 60),
                           (unsigned)(mixed >> 20 & 0xffff));
        }
        at += snprintf(at, 8, "\"}}\n");
    }
    return (size_t)(at - crowd->text);
}

/* The headers of the batch as they are signed now. */
static bool sign(struct crowd *crowd, struct publisher *publisher)
{
    char digest_text[SIGNATURE_DIGEST_TEXT];
    char batch[BATCH_HEADER_SIZE];
    char line[HEADER_SIZE];
    uint8_t hash[SIGNATURE_DIGEST_SIZE];
    uint8_t nonce[16];
    struct signature_digest digest;
    struct signature_headers made;
    signature_digest_init(&digest);
    signature_digest_add(&digest, publisher->body, publisher->size);
    signature_digest_end(&digest, hash);
    signature_digest_format(hash, digest_text);
    const struct signature_message message = {
        .method = "POST",
        .authority = crowd->authority,
        .path = "/v1/batches",
        .header_count = 4,
        .headers = {{"content-type", "application/x-ndjson"},
                    {"content-encoding", "zstd"},
                    {"content-digest", digest_text},
                    {"etwas-batch", batch}},
    };
    if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce ||
        batch_head_format(&publisher->head, batch, sizeof batch) != ETWAS_OK ||
        signature_make(&message, &publisher->pair, (int64_t)time(NULL), nonce, &made) != ETWAS_OK) {
        return false;
    }
    struct key_trust trust = {0};
    char key[KEY_LINE_SIZE];
    memcpy(trust.public_key, publisher->pair.public_key, sizeof trust.public_key);
    (void)snprintf(trust.computer, sizeof trust.computer, "fleet-%zu", publisher->index);
    key_trust_format(&trust, key);
    const char *const headers[HEADERS][2] = {
        {"Content-Type",     "application/x-ndjson"},
        {"Content-Encoding", "zstd"                },
        {"Content-Digest",   digest_text           },
        {"Etwas-Batch",      batch                 },
        {"Signature-Input",  made.input            },
        {"Signature",        made.signature        },
        {"Etwas-Key",        key                   },
    };
    curl_slist_free_all(publisher->headers);
    publisher->headers = NULL;
    for (size_t i = 0; i < HEADERS; i++) {
        (void)snprintf(line, sizeof line, "%s: %s", headers[i][0], headers[i][1]);
        publisher->headers = curl_slist_append(publisher->headers, line);
    }
    return publisher->headers != NULL;
}

static bool fill(struct crowd *crowd, struct publisher *publisher, size_t count, int64_t now_us)
{
    struct batch_head *head = &publisher->head;
    head->books.before += head->count;
    head->sequence++;
    head->count = count;
    head->books.produced = head->books.before + count;
    const size_t size = write_lines(crowd, publisher, count, now_us);
    publisher->size =
        ZSTD_compressCCtx(crowd->packer, publisher->body, BODY_SIZE, crowd->text, size, 1);
    atomic_store(&crowd->fleet->answered[publisher->index][head->sequence % FLEET_REMEMBERED], 0);
    return ZSTD_isError(publisher->size) == 0;
}

static bool post(struct crowd *crowd, struct publisher *publisher)
{
    const struct fleet_options *options = &crowd->fleet->options;
    const int64_t now_us = fleet_now_us();
    const size_t count =
        options->rate == 0 ? options->batch : (size_t)(options->rate * options->batch_ms / 1000);
    if (!publisher->again && !fill(crowd, publisher, count, now_us)) {
        return false;
    }
    publisher->again = false;
    publisher->sent_us = now_us;
    publisher->under_way = true;
    crowd->under_way++;
    return sign(crowd, publisher) &&
           curl_easy_setopt(publisher->easy, CURLOPT_HTTPHEADER, publisher->headers) == CURLE_OK &&
           curl_easy_setopt(publisher->easy, CURLOPT_POSTFIELDSIZE, (long)publisher->size) ==
               CURLE_OK &&
           curl_multi_add_handle(crowd->multi, publisher->easy) == CURLM_OK;
}

static void take_answer(struct crowd *crowd, const CURLMsg *message)
{
    struct fleet *fleet = crowd->fleet;
    void *found = NULL;
    long status = 0;
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &found);
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    struct publisher *publisher = found;
    const int64_t now_us = fleet_now_us();
    publisher->under_way = false;
    crowd->under_way--;
    if (message->data.result == CURLE_OK && status == 200) {
        atomic_store(
            &fleet->answered[publisher->index][publisher->head.sequence % FLEET_REMEMBERED],
            now_us);
        fleet->stored[publisher->index] += publisher->head.count;
        fleet->batches++;
        samples_add(&fleet->ingest, now_us - publisher->sent_us);
    } else {
        const bool busy = status == 429 || status == 503;
        fleet->busy += busy;
        fleet->errors += !busy;
        publisher->again = true;
        publisher->due_us = now_us + 1000000;
    }
    (void)curl_multi_remove_handle(crowd->multi, message->easy_handle);
}

static void take_answers(struct crowd *crowd)
{
    int running = 0;
    int left = 0;
    (void)curl_multi_perform(crowd->multi, &running);
    for (CURLMsg *message = curl_multi_info_read(crowd->multi, &left); message != NULL;
         message = curl_multi_info_read(crowd->multi, &left)) {
        if (message->msg == CURLMSG_DONE) {
            take_answer(crowd, message);
        }
    }
}

/* Posts what is due. Each has its own moment, so that they do not all come at once. */
static bool post_all(struct crowd *crowd, int64_t now_us)
{
    const struct fleet_options *options = &crowd->fleet->options;
    for (size_t i = 0; i < options->publishers; i++) {
        struct publisher *publisher = &crowd->publishers[i];
        if (publisher->under_way || publisher->due_us > now_us) {
            continue;
        }
        if (options->rate != 0 && !publisher->again) {
            publisher->due_us += (int64_t)options->batch_ms * 1000;
        }
        if (!post(crowd, publisher)) {
            return false;
        }
    }
    return true;
}

static bool run(struct crowd *crowd)
{
    const struct fleet_options *options = &crowd->fleet->options;
    const int64_t start_us = fleet_now_us();
    const int64_t end_us = start_us + (int64_t)options->seconds * 1000000;
    for (size_t i = 0; i < options->publishers; i++) {
        crowd->publishers[i].due_us =
            start_us + (int64_t)(options->batch_ms * UINT64_C(1000) * i / options->publishers);
    }
    int64_t now_us = start_us;
    while (now_us < end_us || (crowd->under_way != 0 && now_us < end_us + PATIENCE_US)) {
        if (now_us < end_us && !post_all(crowd, now_us)) {
            return false;
        }
        (void)curl_multi_poll(crowd->multi, NULL, 0, 1, NULL);
        take_answers(crowd);
        now_us = fleet_now_us();
    }
    return true;
}

static bool open_crowd(struct crowd *crowd)
{
    const struct fleet_options *options = &crowd->fleet->options;
    (void)snprintf(crowd->authority, sizeof crowd->authority, "127.0.0.1:%u", options->port);
    crowd->multi = curl_multi_init();
    crowd->packer = ZSTD_createCCtx();
    crowd->publishers = calloc(options->publishers, sizeof *crowd->publishers);
    bool good = crowd->multi != NULL && crowd->packer != NULL && crowd->publishers != NULL &&
                key_library_open() == ETWAS_OK &&
                curl_multi_setopt(crowd->multi, CURLMOPT_MAXCONNECTS,
                                  (long)options->publishers + 8) == CURLM_OK;
    for (size_t i = 0; i < options->publishers && good; i++) {
        good = prepare(crowd, &crowd->publishers[i], i);
    }
    return good;
}

bool publishers_run(struct fleet *fleet)
{
    static struct crowd crowd;
    crowd.fleet = fleet;
    const bool good = open_crowd(&crowd) && run(&crowd);
    for (size_t i = 0; crowd.publishers != NULL && i < fleet->options.publishers; i++) {
        struct publisher *publisher = &crowd.publishers[i];
        curl_easy_cleanup(publisher->easy);
        curl_slist_free_all(publisher->headers);
        free(publisher->body);
    }
    free(crowd.publishers);
    (void)ZSTD_freeCCtx(crowd.packer);
    (void)curl_multi_cleanup(crowd.multi);
    return good;
}
