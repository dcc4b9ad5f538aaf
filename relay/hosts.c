/* SPDX-License-Identifier: MIT */
#include "relay/hosts.h"

#include <stdio.h>
#include <string.h>

enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-._";
static const char address_letters[] = "abcdef0123456789:.";

/* Digits alone, below 65536; 0 is none. */
static bool take_port(const char *text, uint16_t *port)
{
    uint32_t number = 0;
    if (text[0] == '\0' || strlen(text) > 5) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        number = number * 10 + (uint32_t)(*text - '0');
    }
    *port = (uint16_t)number;
    return number > 0 && number <= UINT16_MAX;
}

/* Splits "NAME:PORT" or "[ADDRESS]:PORT"; without a port it is 0. */
static bool split(const char *text, struct host *host)
{
    const size_t size = strlen(text);
    if (size == 0 || size >= sizeof host->name) {
        return false;
    }
    for (size_t i = 0; i <= size; i++) {
        const char c = text[i];
        host->name[i] = c;
        if (c >= 'A' && c <= 'Z') {
            host->name[i] = (char)(c - 'A' + 'a');
        }
    }
    host->port = 0;
    size_t end = strspn(host->name, name_letters);
    if (host->name[0] == '[') {
        end = 1 + strspn(host->name + 1, address_letters);
        end = host->name[end] == ']' ? end + 1 : 0;
    }
    const char after = host->name[end];
    if (end == 0 || (after != '\0' && after != ':')) {
        return false;
    }
    host->name[end] = '\0';
    return after == '\0' || take_port(host->name + end + 1, &host->port);
}

bool hosts_add(struct hosts *hosts, const char *text)
{
    if (hosts->count == HOSTS_MAX || !split(text, &hosts->hosts[hosts->count])) {
        return false;
    }
    hosts->count++;
    return true;
}

static uint16_t default_port(const struct hosts *hosts)
{
    return hosts->tls ? HTTPS_PORT : HTTP_PORT;
}

static bool is_loopback_name(const char *name)
{
    return strcmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0 ||
           strcmp(name, "[::1]") == 0;
}

bool hosts_are_public(const struct hosts *hosts)
{
    bool public = false;
    for (size_t i = 0; i < hosts->count; i++) {
        public = public || !is_loopback_name(hosts->hosts[i].name);
    }
    return public;
}

static bool is_ours(const struct hosts *hosts, const struct http_request *request,
                    const struct host *asked)
{
    const uint16_t port = asked->port != 0 ? asked->port : default_port(hosts);
    if (port == hosts->port &&
        (is_loopback_name(asked->name) || strcmp(asked->name, request->local) == 0)) {
        return true;
    }
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = &hosts->hosts[i];
        const bool fits = host->port != 0
                              ? host->port == port || (host->port == HTTPS_PORT && asked->port == 0)
                              : port == hosts->port || port == HTTP_PORT || port == HTTPS_PORT;
        if (fits && strcmp(host->name, asked->name) == 0) {
            return true;
        }
    }
    return false;
}

bool hosts_know(const struct hosts *hosts, const struct http_request *request,
                char authority[HOSTS_NAME_SIZE])
{
    struct host asked;
    const char *text = request->headers[HTTP_HOST];
    if (text == NULL || !split(text, &asked) || !is_ours(hosts, request, &asked)) {
        return false;
    }
    const bool plain = asked.port == 0 || asked.port == default_port(hosts);
    const int size = plain ? snprintf(authority, HOSTS_NAME_SIZE, "%s", asked.name)
                           : snprintf(authority, HOSTS_NAME_SIZE, "%s:%u", asked.name, asked.port);
    return size > 0 && size < HOSTS_NAME_SIZE;
}

bool hosts_own_origin(const struct hosts *hosts, const struct http_request *request,
                      const char *authority)
{
    const char *origin = request->headers[HTTP_ORIGIN];
    if (origin == NULL) {
        return true;
    }
    /* Behind a proxy that does TLS the page is of https and the relay is not. */
    if (strncmp(origin, "https://", 8) == 0) {
        return strcmp(origin + 8, authority) == 0;
    }
    return !hosts->tls && strncmp(origin, "http://", 7) == 0 && strcmp(origin + 7, authority) == 0;
}
