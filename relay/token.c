/* SPDX-License-Identifier: MIT */
#include "relay/token.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "relay/files.h"

static void make(struct token *token)
{
    uint8_t random[32];
    randombytes_buf(random, sizeof random);
    (void)sodium_bin2base64(token->text, sizeof token->text, random, sizeof random,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof random);
}

/* Whoever put another token there knows what he does, as long as it can be sent. */
static bool is_fine(const char *text, size_t size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return size == TOKEN_SIZE - 1 && strspn(text, letters) == size;
}

enum etwas_status token_open(struct token *token, const char *folder, struct etwas_error *error)
{
    char text[128] = {0};
    char path[FILES_PATH_SIZE];
    size_t size = 0;
    files_path(folder, "viewer-token", path);
    enum etwas_status status = files_read(path, text, sizeof text - 1, &size, error);
    if (status == ETWAS_OK) {
        size = strcspn(text, "\r\n");
        text[size] = '\0';
        if (is_fine(text, size)) {
            memcpy(token->text, text, TOKEN_SIZE);
            sodium_memzero(text, sizeof text);
            return ETWAS_OK;
        }
        *error = (struct etwas_error){.status = ETWAS_MALFORMED,
                                      .doing = "reading viewer-token, which is none: remove it"};
        return ETWAS_MALFORMED;
    }
    if (status != ETWAS_NOT_FOUND) {
        error->doing = status == ETWAS_DENIED && error->os_code == 0
                           ? "everybody may write in viewer-token: remove it"
                           : "reading viewer-token";
        return status;
    }
    make(token);
    (void)snprintf(text, sizeof text, "%s\n", token->text);
    status = files_replace(path, text, strlen(text), error);
    error->doing = status == ETWAS_OK ? error->doing : "making viewer-token";
    sodium_memzero(text, sizeof text);
    return status;
}

void token_set_port(struct token *token, uint16_t port)
{
    (void)snprintf(token->cookie_name, sizeof token->cookie_name, "etwas-token-%u", port);
}

bool token_is(const struct token *token, const char *text, size_t size)
{
    return size == TOKEN_SIZE - 1 && sodium_memcmp(token->text, text, TOKEN_SIZE - 1) == 0;
}

/* Looks for the cookie in "a=1; b=2". */
static bool cookie_admits(const struct token *token, const char *cookies)
{
    const size_t name_size = strlen(token->cookie_name);
    for (const char *at = cookies; *at != '\0';) {
        at += strspn(at, "; \t");
        const size_t size = strcspn(at, "; \t");
        if (size > name_size && at[name_size] == '=' &&
            memcmp(at, token->cookie_name, name_size) == 0 &&
            token_is(token, at + name_size + 1, size - name_size - 1)) {
            return true;
        }
        at += size;
    }
    return false;
}

bool token_admits(const struct token *token, const struct http_request *request)
{
    const char *authorization = request->headers[HTTP_AUTHORIZATION];
    if (authorization != NULL && strncasecmp(authorization, "Bearer ", 7) == 0) {
        const char *text = authorization + 7;
        text += strspn(text, " ");
        return token_is(token, text, strlen(text));
    }
    const char *cookies = request->headers[HTTP_COOKIE];
    return cookies != NULL && cookie_admits(token, cookies);
}

void token_cookie(const struct token *token, bool tls, char *text, size_t room)
{
    (void)snprintf(text, room, "%s=%s; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict%s",
                   token->cookie_name, token->text, tls ? "; Secure" : "");
}
