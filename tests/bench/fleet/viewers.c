/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/fleet/fleet.h"
#include "viewer/console/sse.h"

enum { HEADER_SIZE = 600, TAIL_US = 2000000 /* what is under way when the publishers end */ };

struct viewer {
    struct fleet *fleet;
    struct sse sse;
    CURL *easy;
};

/* The number behind `"name":`; -1: there is none. */
static int64_t number_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at == NULL ? -1 : (int64_t)strtoull(at + strlen(name), NULL, 10);
}

static bool see(void *context, const struct sse_event *event)
{
    struct fleet *fleet = ((struct viewer *)context)->fleet;
    char text[600];
    const size_t size = event->size < sizeof text - 1 ? event->size : sizeof text - 1;
    memcpy(text, event->data, size);
    text[size] = 0;
    if (strcmp(event->type, "missed") == 0) {
        const int64_t count = number_of(text, "\"Count\":");
        fleet->missed += count < 0 ? 0 : (uint64_t)count;
        return true;
    }
    const int64_t publisher = number_of(text, "\"Publisher\":");
    const int64_t made_us = number_of(text, "\"Made\":");
    const int64_t batch = number_of(text, "\"Batch\":");
    if (publisher < 0 || (size_t)publisher >= fleet->options.publishers || made_us < 0) {
        return true;
    }
    const int64_t now_us = fleet_now_us();
    const int64_t answered_us = atomic_load(&fleet->answered[publisher][batch % FLEET_REMEMBERED]);
    fleet->seen++;
    samples_add(&fleet->from_event, now_us - made_us);
    /* Seen before its publisher read the answer: in no time. */
    samples_add(&fleet->from_commit, answered_us == 0 ? 0 : now_us - answered_us);
    return true;
}

static size_t on_bytes(char *bytes, size_t one, size_t size, void *context)
{
    struct viewer *viewer = context;
    (void)one;
    return sse_feed(&viewer->sse, bytes, size) == SSE_MORE ? size : 0;
}

static bool open_viewer(struct viewer *viewer, struct fleet *fleet, struct curl_slist *headers)
{
    char url[96];
    const struct fleet_options *options = &fleet->options;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/live", options->port);
    if (options->sample != 0) {
        const size_t used = strlen(url);
        (void)snprintf(url + used, sizeof url - used, "?sample=%u", options->sample);
    }
    viewer->fleet = fleet;
    sse_init(&viewer->sse);
    viewer->sse.handle = see;
    viewer->sse.context = viewer;
    viewer->easy = curl_easy_init();
    return viewer->easy != NULL && curl_easy_setopt(viewer->easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(viewer->easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(viewer->easy, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
           curl_easy_setopt(viewer->easy, CURLOPT_WRITEDATA, viewer) == CURLE_OK &&
           curl_easy_setopt(viewer->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(viewer->easy, CURLOPT_PROXY, "") == CURLE_OK;
}

static void view(struct fleet *fleet, CURLM *multi)
{
    int64_t end_us = INT64_MAX;
    int running = 0;
    do {
        (void)curl_multi_perform(multi, &running);
        (void)curl_multi_poll(multi, NULL, 0, 20, NULL);
        if (end_us == INT64_MAX && atomic_load(&fleet->over)) {
            end_us = fleet_now_us() + TAIL_US;
        }
    } while (running != 0 && fleet_now_us() < end_us);
    /* No stream ends by itself. */
    fleet->viewer_errors += fleet->options.viewers - (uint64_t)running;
}

void *viewers_run(void *context)
{
    struct fleet *fleet = context;
    char line[HEADER_SIZE];
    (void)snprintf(line, sizeof line, "Authorization: Bearer %s", fleet->options.token);
    struct curl_slist *headers = curl_slist_append(NULL, line);
    struct viewer *viewers = calloc(fleet->options.viewers, sizeof *viewers);
    CURLM *multi = curl_multi_init();
    size_t opened = 0;
    if (viewers != NULL && multi != NULL && headers != NULL) {
        while (opened < fleet->options.viewers && open_viewer(&viewers[opened], fleet, headers) &&
               curl_multi_add_handle(multi, viewers[opened].easy) == CURLM_OK) {
            opened++;
        }
        view(fleet, multi);
    }
    for (size_t i = 0; i < opened; i++) {
        (void)curl_multi_remove_handle(multi, viewers[i].easy);
        curl_easy_cleanup(viewers[i].easy);
        sse_clear(&viewers[i].sse);
    }
    (void)curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(viewers);
    return NULL;
}
