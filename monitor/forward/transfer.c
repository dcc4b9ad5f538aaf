/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ipc/batch.h"
#include "monitor/forward/sender_parts.h"
#include "policy/signature.h"

enum { CONNECT_S = 10, SLOWEST = 16 /* bytes a second */, KEEPALIVE_S = 60, LINE_SIZE = 2200 };

static size_t on_header(const char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    answer_header(&transfer->answer, data, size * count);
    return size * count;
}

static size_t on_body(const char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    return answer_body(&transfer->answer, data, size * count) ? size * count : 0;
}

/* A network interface that goes away may leave a connection that nobody answers. */
static void set_times(CURL *easy, const struct sender_options *options)
{
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)options->stall_s);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)options->total_s);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
}

static bool make_easy(struct transfer *transfer)
{
    const struct relay *relay = transfer->course->relay;
    const struct sender_options *options = &transfer->course->sender->options;
    char url[ADDRESS_URL_SIZE + 16];
    CURL *easy = curl_easy_init();
    transfer->easy = easy;
    if (easy == NULL) {
        return false;
    }
    (void)snprintf(url, sizeof url, "%sv1/batches", relay->address.url);
    set_times(easy, options);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->problem);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A name server that does not answer must not keep us from ending. */
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    if (options->ca_file != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
    }
    if (relay->address.loopback) {
        (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
}

/* Adds a line to the headers of the request; false: no memory. */
ETWAS_PRINTF(2, 3)
static bool add_header(struct transfer *transfer, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof line) {
        return false;
    }
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (longer == NULL) {
        return false;
    }
    transfer->headers = longer;
    return true;
}

static bool sign(const struct transfer *transfer, const struct signature_message *message,
                 struct signature_headers *headers)
{
    const struct sender *sender = transfer->course->sender;
    uint8_t nonce[16];
    randombytes_buf(nonce, sizeof nonce);
    const int64_t now_s = (int64_t)time(NULL) + transfer->course->relay->offset_s;
    return signature_make(message, sender->options.pair, now_s, nonce, headers) == ETWAS_OK;
}

static bool make_headers(struct transfer *transfer)
{
    const struct course *course = transfer->course;
    char head_text[BATCH_HEADER_SIZE];
    char digest_text[SIGNATURE_DIGEST_TEXT];
    struct signature_headers signed_by;
    struct batch_head head = transfer->batch->head;
    head.after = window_after(&course->window);
    if (batch_head_format(&head, head_text, sizeof head_text) != ETWAS_OK) {
        return false;
    }
    signature_digest_format(transfer->batch->digest, digest_text);
    const struct signature_message message = {
        .method = "POST",
        .authority = course->relay->address.authority,
        .path = "/v1/batches",
        .header_count = 4,
        .headers = {{"content-type", "application/x-ndjson"},
                    {"content-encoding", "zstd"},
                    {"content-digest", digest_text},
                    {"etwas-batch", head_text}},
    };
    return sign(transfer, &message, &signed_by) &&
           add_header(transfer, "Content-Type: %s", message.headers[0].value) &&
           add_header(transfer, "Content-Encoding: %s", message.headers[1].value) &&
           add_header(transfer, "Content-Digest: %s", digest_text) &&
           add_header(transfer, "Etwas-Batch: %s", head_text) &&
           add_header(transfer, "Signature-Input: %s", signed_by.input) &&
           add_header(transfer, "Signature: %s", signed_by.signature) &&
           add_header(transfer, "Etwas-Key: %s", course->sender->options.trust_line) &&
           /* Asking first whether the body is welcome would cost a round. */
           add_header(transfer, "Expect:") &&
           add_header(transfer, "Accept: application/json, application/problem+json");
}

bool transfer_start(struct transfer *transfer, struct spool_batch *batch)
{
    struct course *course = transfer->course;
    transfer->batch = batch;
    course->flying_bytes += batch->size;
    course->sender->flying_bytes += batch->size;
    answer_init(&transfer->answer);
    transfer->problem[0] = 0;
    if ((transfer->easy == NULL && !make_easy(transfer)) || !make_headers(transfer)) {
        transfer_end(transfer);
        return false;
    }
    (void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)batch->size);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, batch->body);
    if (curl_multi_add_handle(course->sender->multi, transfer->easy) != CURLM_OK) {
        transfer_end(transfer);
        return false;
    }
    return true;
}

void transfer_end(struct transfer *transfer)
{
    if (transfer->batch == NULL) {
        return;
    }
    struct course *course = transfer->course;
    if (transfer->easy != NULL) {
        (void)curl_multi_remove_handle(course->sender->multi, transfer->easy);
        (void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
    }
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    course->flying_bytes -= transfer->batch->size;
    course->sender->flying_bytes -= transfer->batch->size;
    spool_batch_free(transfer->batch);
    transfer->batch = NULL;
}

void transfer_clear(struct transfer *transfer)
{
    transfer_end(transfer);
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
}
