/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/report/explain.h"
#include "monitor/report/report.h"
#include "monitor/session/host.h"

enum {
    MAX_SESSIONS = 1024,
    USER_SIZE = 96,
    TIME_SIZE = 32,
    REMOVAL_S = 15,
    REMOVAL_STEP_MS = 100,
};

struct listing {
    size_t count;
    struct message_session sessions[MAX_SESSIONS];
};

static enum etwas_status read_listing(struct connection *connection, struct listing *listing,
                                      struct refusal *refusal)
{
    listing->count = 0;
    for (uint32_t index = 0; listing->count < MAX_SESSIONS; index++) {
        struct message_session *session = &listing->sessions[listing->count];
        const enum etwas_status status = request_session(connection, index, session, refusal);
        if (status == ETWAS_NOT_FOUND) {
            break;
        }
        if (status != ETWAS_OK && status != ETWAS_BUSY) {
            return status;
        }
        listing->count += status == ETWAS_OK ? 1 : 0;
    }
    return ETWAS_OK;
}

/* "12s", "5m", "3h": the largest unit that leaves no fraction to care about. */
static const char *time_text(uint64_t seconds, char *text)
{
    if (seconds < 120) {
        (void)snprintf(text, TIME_SIZE, "%llus", (unsigned long long)seconds);
    } else if (seconds < UINT64_C(2) * 3600) {
        (void)snprintf(text, TIME_SIZE, "%llum", (unsigned long long)(seconds / 60));
    } else {
        (void)snprintf(text, TIME_SIZE, "%lluh", (unsigned long long)(seconds / 3600));
    }
    return text;
}

static void print_session(const struct message_session *session)
{
    char user[USER_SIZE];
    char left[TIME_SIZE] = "-";
    if (session->clients == 0 && session->linger_s >= session->idle_s) {
        (void)time_text(session->linger_s - session->idle_s, left);
    }
    (void)printf("%-28s %-20s %8u %10llu KB %12s\n", session->name,
                 host_user(session->uid, user, sizeof user), session->clients,
                 (unsigned long long)(session->ring_size / 1024), left);
}

/* An administrator who names a session means that of every user. */
static bool is_meant(const struct options *options, const struct message_session *session)
{
    return !options->session_named ||
           ((options->session_uid == MESSAGE_UID_SELF || options->session_uid == session->uid) &&
            strcmp(session->name, options->session) == 0);
}

int report_sessions(const struct options *options)
{
    struct connection connection;
    struct refusal refusal;
    if (request_connect(options->controller, &connection, &refusal) != ETWAS_OK) {
        return explain_refusal(&refusal, options->controller);
    }
    struct listing *listing = calloc(1, sizeof *listing);
    const enum etwas_status status =
        listing == NULL ? ETWAS_NO_MEMORY : read_listing(&connection, listing, &refusal);
    request_disconnect(&connection);
    int result = REPORT_FINE;
    if (listing == NULL) {
        (void)fprintf(stderr, "etwas: out of memory\n");
        result = REPORT_FAILED;
    } else if (status != ETWAS_OK) {
        result = explain_refusal(&refusal, options->controller);
    } else if (listing->count == 0) {
        (void)printf("no session\n");
    } else {
        (void)printf("%-28s %-20s %8s %13s %12s\n", "SESSION", "USER", "MONITORS", "BUFFERS/CPU",
                     "REMOVED IN");
        for (size_t i = 0; i < listing->count; i++) {
            print_session(&listing->sessions[i]);
        }
    }
    free(listing);
    return result;
}

static void print_stopped(const struct options *options, const struct listing *listing,
                          uint64_t stopped)
{
    size_t meant = 0;
    for (size_t i = 0; i < listing->count; i++) {
        meant += is_meant(options, &listing->sessions[i]) ? 1 : 0;
    }
    if (meant != stopped) {
        /* Sessions came or went between the question and the deed. */
        (void)printf("stopped %llu session%s\n", (unsigned long long)stopped,
                     stopped == 1 ? "" : "s");
        return;
    }
    for (size_t i = 0; i < listing->count; i++) {
        char user[USER_SIZE];
        const struct message_session *session = &listing->sessions[i];
        if (is_meant(options, session)) {
            (void)printf("stopped %s of %s\n", session->name,
                         host_user(session->uid, user, sizeof user));
        }
    }
}

static bool is_listed(const struct listing *listing, uint64_t id)
{
    bool listed = false;
    for (size_t i = 0; i < listing->count; i++) {
        listed = listed || listing->sessions[i].id == id;
    }
    return listed;
}

/* True when no session of `listing` that was meant is listed any more. */
static bool is_removed(struct connection *connection, const struct options *options,
                       const struct listing *listing, struct listing *now)
{
    struct refusal refusal;
    bool removed = read_listing(connection, now, &refusal) == ETWAS_OK;
    for (size_t i = 0; i < listing->count; i++) {
        const struct message_session *session = &listing->sessions[i];
        removed = removed && !(is_meant(options, session) && is_listed(now, session->id));
    }
    return removed;
}

/* Its monitors have some seconds to read what is left; then a session is removed. */
static bool await_removal(struct connection *connection, const struct options *options,
                          const struct listing *listing)
{
    struct listing *now = calloc(1, sizeof *now);
    bool removed = false;
    for (int i = 0; now != NULL && !removed && i < REMOVAL_S * 1000 / REMOVAL_STEP_MS; i++) {
        removed = is_removed(connection, options, listing, now);
        if (!removed) {
            host_sleep_ms(REMOVAL_STEP_MS);
        }
    }
    free(now);
    return removed;
}

static int stop(struct connection *connection, const struct options *options,
                struct listing *listing)
{
    struct refusal refusal;
    struct reply reply;
    struct message_stop request = {.uid = MESSAGE_UID_SELF};
    if (read_listing(connection, listing, &refusal) != ETWAS_OK) {
        return explain_refusal(&refusal, options->controller);
    }
    if (options->session_named) {
        request.uid = options->session_uid;
        memcpy(request.name, options->session, sizeof request.name);
    }
    const enum etwas_status status = request_stop(connection, &request, &reply, &refusal);
    if (status == ETWAS_NOT_FOUND && !options->session_named) {
        (void)printf("no session\n");
        return REPORT_FINE;
    }
    if (status != ETWAS_OK) {
        return explain_refusal(&refusal, options->controller);
    }
    const uint64_t stopped = reply.answer.value[0];
    if (stopped == 0) {
        (void)printf("no session\n");
        return REPORT_FINE;
    }
    if (!await_removal(connection, options, listing)) {
        (void)fprintf(stderr,
                      "etwas: a stopped session is still there after %d s\n"
                      "next: look into the controller's log\n",
                      REMOVAL_S);
        return REPORT_FAILED;
    }
    print_stopped(options, listing, stopped);
    return REPORT_FINE;
}

int report_stop(const struct options *options)
{
    struct connection connection;
    struct refusal refusal;
    if (request_connect(options->controller, &connection, &refusal) != ETWAS_OK) {
        return explain_refusal(&refusal, options->controller);
    }
    int result = REPORT_FAILED;
    struct listing *listing = calloc(1, sizeof *listing);
    if (listing == NULL) {
        (void)fprintf(stderr, "etwas: out of memory\n");
    } else {
        result = stop(&connection, options, listing);
    }
    free(listing);
    request_disconnect(&connection);
    return result;
}
