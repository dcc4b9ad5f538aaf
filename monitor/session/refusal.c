/* SPDX-License-Identifier: MIT */
#include "monitor/session/refusal.h"

#include <stdio.h>
#include <string.h>

static const char *subject(const struct refusal *refusal)
{
    return refusal->what[0] != '\0' ? refusal->what : "the request";
}

static const char *request_verb(uint16_t request)
{
    static const struct {
        enum message_type type;
        const char *verb;
    } verbs[] = {
        {MESSAGE_OPEN,     "cannot open the session"       },
        {MESSAGE_ENABLE,   "cannot trace"                  },
        {MESSAGE_USDT,     "cannot probe"                  },
        {MESSAGE_START,    "cannot start the session"      },
        {MESSAGE_STOP,     "cannot stop the session"       },
        {MESSAGE_STATUS,   "cannot list sessions"          },
        {MESSAGE_METADATA, "cannot read the description of"},
    };
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verbs[i].type == request) {
            return verbs[i].verb;
        }
    }
    return "cannot use the controller at";
}

static void denied(const struct refusal *refusal, char *text)
{
    char line[64] = "no rule of the policy allows it";
    if (refusal->detail != 0) {
        (void)snprintf(line, sizeof line, "line %u of the policy denies it", refusal->detail);
    }
    (void)snprintf(text, REFUSAL_TEXT_SIZE,
                   "%s %s: %s\n"
                   "next: etwas --doctor says what you may trace and who can change it",
                   request_verb(refusal->request), subject(refusal), line);
}

static const char *limit_text(uint32_t limit)
{
    if (limit == LIMIT_CLIENTS) {
        return "too many monitors are connected\nnext: end one of yours, then try again";
    }
    if (limit == LIMIT_SESSIONS) {
        return "too many sessions exist\n"
               "next: etwas --status lists yours, etwas --stop --session NAME ends one";
    }
    if (limit == LIMIT_RATE) {
        return "too many requests in a short time\nnext: try again in a minute";
    }
    if (limit == LIMIT_PROBES) {
        return "too many probes are set\nnext: end a session with etwas --stop";
    }
    return "a limit of the policy is reached\nnext: etwas --status lists your sessions";
}

static void limited(const struct refusal *refusal, char *text)
{
    if (refusal->detail == LIMIT_RING) {
        (void)snprintf(text, REFUSAL_TEXT_SIZE,
                       "%s %s: its buffers are over the limit of the policy, which leaves %llu KiB "
                       "a CPU\nnext: ask for less with --buffer-size and --max-buffers, or end a "
                       "session with etwas --stop",
                       request_verb(refusal->request), subject(refusal),
                       (unsigned long long)refusal->left);
        return;
    }
    (void)snprintf(text, REFUSAL_TEXT_SIZE, "%s %s: %s", request_verb(refusal->request),
                   subject(refusal), limit_text(refusal->detail));
}

static void not_found(const struct refusal *refusal, char *text)
{
    const bool session = refusal->request == MESSAGE_STOP || refusal->request == MESSAGE_START;
    (void)snprintf(text, REFUSAL_TEXT_SIZE, "%s %s: there is no such %s\nnext: %s",
                   request_verb(refusal->request), subject(refusal),
                   session ? "session" : "event or probe",
                   session ? "etwas --status lists your sessions"
                           : "etwas --list shows what can be traced here");
}

static void failed(const struct refusal *refusal, char *text)
{
    char why[128] = "the controller failed";
    if (refusal->status == ETWAS_SYSTEM && refusal->detail != 0) {
        (void)snprintf(why, sizeof why, "the system refused: %s", strerror((int)refusal->detail));
    } else if (refusal->status == ETWAS_MALFORMED) {
        (void)snprintf(why, sizeof why, "the controller does not understand the request");
    }
    (void)snprintf(text, REFUSAL_TEXT_SIZE, "%s %s: %s\nnext: look into the controller's log",
                   request_verb(refusal->request), subject(refusal), why);
}

static void not_connected(const struct refusal *refusal, char *text)
{
    const char *why = "it cannot be reached";
    const char *next = "etwas --doctor";
    if (refusal->status == ETWAS_NOT_FOUND) {
        why = "it is not running";
        next = "start etwas-controller as the administrator";
    } else if (refusal->status == ETWAS_DENIED && refusal->error.os_code != 0) {
        why = "you may not connect";
        next = "ask the administrator to add you to its group; just added: log in again";
    } else if (refusal->status == ETWAS_DENIED) {
        why = "what listens there is not the administrator's";
    }
    (void)snprintf(text, REFUSAL_TEXT_SIZE, "cannot use the controller at %s: %s%s%s\nnext: %s",
                   subject(refusal), why, refusal->error.os_code != 0 ? ": " : "",
                   refusal->error.os_code != 0 ? strerror((int)refusal->error.os_code) : "", next);
}

static const char *local_reason(const struct refusal *refusal)
{
    if (refusal->error.os_code != 0) {
        return strerror((int)refusal->error.os_code);
    }
    switch (refusal->status) {
    case ETWAS_AGAIN:
        return "no answer in time";
    case ETWAS_CLOSED:
        return "the controller hung up";
    case ETWAS_NOT_FOUND:
        return "there is no such thing";
    case ETWAS_NO_MEMORY:
        return "no memory is left";
    case ETWAS_TOO_BIG:
        return "too big";
    case ETWAS_MALFORMED:
        return "it is not in the format expected";
    case ETWAS_OK:
    case ETWAS_DENIED:
    case ETWAS_SYSTEM:
    case ETWAS_BUSY:
    default:
        return "it failed";
    }
}

void refusal_text(const struct refusal *refusal, char *text)
{
    if (refusal->request == 0) {
        not_connected(refusal, text);
        return;
    }
    if (refusal->local) {
        (void)snprintf(text, REFUSAL_TEXT_SIZE, "%s %s: %s: %s\nnext: etwas --doctor",
                       request_verb(refusal->request), subject(refusal), refusal->error.doing,
                       local_reason(refusal));
        return;
    }
    switch (refusal->status) {
    case ETWAS_DENIED:
        denied(refusal, text);
        return;
    case ETWAS_BUSY:
    case ETWAS_TOO_BIG:
        limited(refusal, text);
        return;
    case ETWAS_NOT_FOUND:
        not_found(refusal, text);
        return;
    case ETWAS_OK:
    case ETWAS_AGAIN:
    case ETWAS_CLOSED:
    case ETWAS_MALFORMED:
    case ETWAS_NO_MEMORY:
    case ETWAS_SYSTEM:
    default:
        failed(refusal, text);
        return;
    }
}

int refusal_exit(const struct refusal *refusal)
{
    switch (refusal->status) {
    case ETWAS_OK:
        return 0;
    case ETWAS_DENIED:
        return 3;
    case ETWAS_NOT_FOUND:
        return refusal->request == 0 ? 2 : 4;
    case ETWAS_BUSY:
    case ETWAS_TOO_BIG:
        return 5;
    case ETWAS_AGAIN:
    case ETWAS_CLOSED:
    case ETWAS_MALFORMED:
    case ETWAS_NO_MEMORY:
    case ETWAS_SYSTEM:
    default:
        return 2;
    }
}
