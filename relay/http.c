/* SPDX-License-Identifier: MIT */
#include "relay/http.h"

#include <string.h>

const char *const http_header_names[HTTP_HEADER_COUNT] = {
    [HTTP_HOST] = "Host",
    [HTTP_ORIGIN] = "Origin",
    [HTTP_AUTHORIZATION] = "Authorization",
    [HTTP_COOKIE] = "Cookie",
    [HTTP_ACCEPT_ENCODING] = "Accept-Encoding",
    [HTTP_IF_NONE_MATCH] = "If-None-Match",
    [HTTP_LAST_EVENT_ID] = "Last-Event-ID",
    [HTTP_EXPECT] = "Expect",
    [HTTP_CONTENT_LENGTH] = "Content-Length",
    [HTTP_TRANSFER_ENCODING] = "Transfer-Encoding",
    [HTTP_CONTENT_TYPE] = "Content-Type",
    [HTTP_CONTENT_ENCODING] = "Content-Encoding",
    [HTTP_CONTENT_DIGEST] = "Content-Digest",
    [HTTP_ETWAS_BATCH] = "Etwas-Batch",
    [HTTP_ETWAS_KEY] = "Etwas-Key",
    [HTTP_SIGNATURE_INPUT] = "Signature-Input",
    [HTTP_SIGNATURE] = "Signature",
};

static const struct problem {
    unsigned status;
    unsigned retry_after_s;
    const char *name;
    const char *title;
} problems[PROBLEM_COUNT] = {
    [PROBLEM_CLOCK] = {401, 0, "clock",     "The signature's times do not fit the clock here"},
    [PROBLEM_PENDING] = {401, 0, "pending",   "The key waits for etwass --approve"             },
    [PROBLEM_KEY] = {403, 0, "key",       "The key was revoked, or the stream is not its"  },
    [PROBLEM_SIGNATURE] = {401, 0, "signature", "This is not what the key signed"                },
    [PROBLEM_REPLAY] = {401, 0, "replay",    "The nonce was seen before"                      },
    [PROBLEM_CONFLICT] = {409, 0, "conflict",  "Stored before, with another digest"             },
    [PROBLEM_MALFORMED] = {400, 0, "malformed", "The request is not as it must be"               },
    [PROBLEM_TOO_BIG] = {413, 0, "too-big",   "The batch is too big"                           },
    [PROBLEM_HOST] = {421, 0, "host",      "Not a name of this relay: etwass --host"        },
    [PROBLEM_LIMIT] = {429, 1, "busy",      "Too much at once"                               },
    [PROBLEM_BUSY] = {503, 1, "busy",      "The relay cannot take this now"                 },
    [PROBLEM_ORIGIN] = {403, 0, "origin",    "Pages of others may not ask this relay"         },
    [PROBLEM_TOKEN] = {401, 0, "token",     "This wants the token that etwass printed"       },
    [PROBLEM_NOT_FOUND] = {404, 0, "not-found", "There is nothing here"                          },
    [PROBLEM_METHOD] = {405, 0, "method",    "This cannot be done here"                       },
    [PROBLEM_PARAMETER] = {400, 0, "parameter", "A parameter is not as it must be"               },
    [PROBLEM_FAILED] = {500, 0, "failed",    "The relay failed"                               },
};

void http_answer_init(struct http_answer *answer)
{
    *answer = (struct http_answer){.status = 200, .type = "application/json"};
    text_init(&answer->body, HTTP_MAX_ANSWER);
}

void http_answer_clear(struct http_answer *answer)
{
    text_clear(&answer->body);
    if (answer->stream != NULL) {
        answer->stream->close(answer->stream);
        answer->stream = NULL;
    }
}

const char *http_problem_name(enum http_problem problem)
{
    return problems[problem].name;
}

unsigned http_problem_status(enum http_problem problem)
{
    return problems[problem].status;
}

void http_problem(struct http_answer *answer, enum http_problem problem, const char *detail)
{
    const struct problem *known = &problems[problem];
    http_answer_clear(answer);
    http_answer_init(answer);
    answer->status = known->status;
    answer->retry_after_s = known->retry_after_s;
    answer->type = "application/problem+json";
    text_print(&answer->body, "{\"type\":\"urn:etwas:problem:%s\",\"title\":", known->name);
    text_add_json(&answer->body, known->title);
    text_print(&answer->body, ",\"status\":%u", known->status);
    if (detail != NULL) {
        text_print(&answer->body, ",\"detail\":");
        text_add_json(&answer->body, detail);
    }
    text_print(&answer->body, "}\n");
}

void http_answer_text(struct http_answer *answer, const char *type)
{
    answer->type = type;
    if (answer->body.bad) {
        http_problem(answer, PROBLEM_FAILED, "The answer is too long");
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes one character of `text`, of which `size` bytes are left; how many it took, 0: malformed. */
static size_t decode(const char *text, size_t size, char *character)
{
    *character = text[0];
    if (text[0] == '+') {
        *character = ' ';
    }
    if (text[0] != '%') {
        return 1;
    }
    const int high = size < 3 ? -1 : hex_digit(text[1]);
    const int low = size < 3 ? -1 : hex_digit(text[2]);
    const int code = high * 16 + low;
    *character = (char)code;
    return high < 0 || low < 0 || code == 0 ? 0 : 3;
}

static enum etwas_status decode_value(const char *text, size_t size, char *value, size_t room)
{
    size_t count = 0;
    for (size_t at = 0; at < size;) {
        if (count + 1 >= room) {
            return ETWAS_TOO_BIG;
        }
        const size_t took = decode(text + at, size - at, &value[count]);
        if (took == 0) {
            return ETWAS_MALFORMED;
        }
        at += took;
        count++;
    }
    value[count] = '\0';
    return ETWAS_OK;
}

enum etwas_status http_argument(const struct http_request *request, const char *name, char *value,
                                size_t room)
{
    const size_t name_size = strlen(name);
    for (const char *at = request->query; *at != '\0';) {
        const size_t size = strcspn(at, "&");
        if (size > name_size && at[name_size] == '=' && memcmp(at, name, name_size) == 0) {
            return decode_value(at + name_size + 1, size - name_size - 1, value, room);
        }
        at += size;
        at += *at == '&' ? 1 : 0;
    }
    return ETWAS_NOT_FOUND;
}
