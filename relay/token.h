/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_TOKEN_H
#define ETWAS_RELAY_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "relay/http.h"

/*
 * The viewer token: who knows it may see events. It lives in a file of the relay's user and
 * is compared in constant time. A browser keeps it in a cookie whose name has the port in it,
 * for cookies know no ports and two relays may run on one host.
 */
enum { TOKEN_SIZE = 44 /* 43 characters of base64url and a zero */ };

struct token {
    char text[TOKEN_SIZE];
    char cookie_name[32];
};

/* Reads FOLDER/viewer-token, or makes it (0600) with random bytes. */
ETWAS_MUST_CHECK enum etwas_status token_open(struct token *token, const char *folder,
                                              struct etwas_error *error);
void token_set_port(struct token *token, uint16_t port);

bool token_is(const struct token *token, const char *text, size_t size);

/* Does the request bring it, in Authorization or in the cookie? */
bool token_admits(const struct token *token, const struct http_request *request);

/* The value of Set-Cookie. */
void token_cookie(const struct token *token, bool tls, char *text, size_t room);

#endif
