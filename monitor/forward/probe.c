/* SPDX-License-Identifier: MIT */
#include "monitor/forward/probe.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

enum { PROBE_S = 5 };

static size_t pass_over(const char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static void set_up(CURL *easy, const struct address *address, const char *ca)
{
    char url[ADDRESS_URL_SIZE + 16];
    (void)snprintf(url, sizeof url, "%shealthz", address->url);
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)PROBE_S);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, pass_over);
    if (ca != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
    }
    if (address->loopback) {
        (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
}

static bool ask(CURL *easy, char *problem, size_t room)
{
    long status = 0;
    long number = 0;
    const CURLcode code = curl_easy_perform(easy);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_COULDNT_CONNECT && number != 0) {
        (void)snprintf(problem, room, "%s", strerror((int)number));
    } else if (code != CURLE_OK) {
        (void)snprintf(problem, room, "%s", curl_easy_strerror(code));
    } else if (status != 200) {
        (void)snprintf(problem, room, "HTTP status %ld", status);
    }
    return code == CURLE_OK && status == 200;
}

bool probe_relay(const struct address *address, const char *ca, char *problem, size_t room)
{
    bool well = false;
    (void)snprintf(problem, room, "libcurl cannot be used");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return false;
    }
    CURL *easy = curl_easy_init();
    if (easy != NULL) {
        set_up(easy, address, ca);
        well = ask(easy, problem, room);
        curl_easy_cleanup(easy);
    }
    curl_global_cleanup();
    return well;
}
