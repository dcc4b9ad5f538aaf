/* SPDX-License-Identifier: MIT */
#include "monitor/forward/address.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static enum etwas_status fail(const char **problem, const char *what)
{
    *problem = what;
    return ETWAS_MALFORMED;
}

static char lower(char letter)
{
    return (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

/* Does `text` begin with `prefix`, of lower-case letters, in whatever case? */
static bool begins(const char *text, const char *prefix)
{
    while (*prefix != 0 && lower(*text) == *prefix) {
        text++;
        prefix++;
    }
    return *prefix == 0;
}

/* The bytes of a name or of a literal IPv6 address in brackets; 0: it is neither. */
static size_t host_extent(const char *text)
{
    if (text[0] == '[') {
        const size_t size = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
        return size > 2 && text[size] == ']' ? size + 1 : 0;
    }
    size_t size = 0;
    while (text[size] != 0 && (strchr(letters, text[size]) != NULL || text[size] == '.' ||
                               text[size] == '-' || text[size] == '_')) {
        size++;
    }
    return size;
}

static bool is_loopback(const char *host)
{
    static const char suffix[] = ".localhost";
    const size_t size = strlen(host);
    const size_t more = sizeof suffix - 1;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (size > more && strcmp(host + size - more, suffix) == 0) ||
           (strncmp(host, "127.", 4) == 0 && host[strspn(host, "0123456789.")] == 0);
}

/* Takes a colon and a port, if they are there; `*text` is behind them. */
static bool take_port(const char **text, uint32_t *port)
{
    const char *at = *text;
    if (*at != ':') {
        return true;
    }
    at++;
    const size_t size = strspn(at, "0123456789");
    *port = 0;
    for (size_t i = 0; i < size && *port <= UINT16_MAX; i++) {
        *port = *port * 10 + (uint32_t)(at[i] - '0');
    }
    *text = at + size;
    return size > 0 && *port > 0 && *port <= UINT16_MAX;
}

enum etwas_status address_parse(const char *text, struct address *address, const char **problem)
{
    *address = (struct address){.secure = begins(text, "https://")};
    if (!address->secure && !begins(text, "http://")) {
        return fail(problem, "it begins with http:// or https://");
    }
    const char *at = text + (address->secure ? strlen("https://") : strlen("http://"));
    const size_t size = host_extent(at);
    if (size == 0 || size > ADDRESS_HOST_MAX) {
        return fail(problem, "the name of the host is missing or is none");
    }
    char host[ADDRESS_HOST_MAX + 1];
    for (size_t i = 0; i < size; i++) {
        host[i] = lower(at[i]);
    }
    host[size] = 0;
    at += size;
    const uint32_t usual = address->secure ? 443 : 80;
    uint32_t port = usual;
    if (!take_port(&at, &port)) {
        return fail(problem, "the port is a number from 1 to 65535");
    }
    if (strcmp(at, "") != 0 && strcmp(at, "/") != 0) {
        return fail(problem, "behind the host and the port there is nothing but a /");
    }
    address->loopback = is_loopback(host);
    if (port == usual) {
        (void)snprintf(address->authority, sizeof address->authority, "%s", host);
    } else {
        (void)snprintf(address->authority, sizeof address->authority, "%s:%u", host,
                       (unsigned)port);
    }
    (void)snprintf(address->url, sizeof address->url, "http%s://%s/", address->secure ? "s" : "",
                   address->authority);
    return ETWAS_OK;
}

/* Copies a word of a role's text; its size, 0 when it is none. */
static size_t take_word(const char *text, char word[ROLE_NAME_MAX + 1])
{
    size_t size = 0;
    while (text[size] != 0 && size <= ROLE_NAME_MAX &&
           (strchr(letters, text[size]) != NULL || strchr("._-", text[size]) != NULL)) {
        size++;
    }
    if (size > ROLE_NAME_MAX) {
        return 0;
    }
    memcpy(word, text, size);
    word[size] = 0;
    return size;
}

enum etwas_status role_parse(const char *text, struct role *role)
{
    static const char prefix[] = "role:";
    *role = (struct role){.name = ""};
    if (strncmp(text, prefix, sizeof prefix - 1) != 0) {
        return ETWAS_MALFORMED;
    }
    const char *at = text + sizeof prefix - 1;
    const size_t size = take_word(at, role->name);
    at += size;
    if (size > 0 && *at == ':') {
        const size_t more = take_word(at + 1, role->endpoint);
        at += more == 0 ? 0 : 1 + more;
    }
    if (size == 0 || *at != 0) {
        return ETWAS_MALFORMED;
    }
    (void)snprintf(role->text, sizeof role->text, "%s", text);
    return ETWAS_OK;
}
