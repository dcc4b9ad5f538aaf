/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/report/explain.h"
#include "monitor/report/report.h"
#include "monitor/session/host.h"

enum { MAX_SESSIONS = 1024, USER_SIZE = 96, TIME_SIZE = 32 };

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
    const uint64_t refused = reply.answer.value[1];
    if (stopped == 0 && refused == 0) {
        (void)printf("no session\n");
        return REPORT_FINE;
    }
    if (stopped > 0) {
        print_stopped(options, listing, stopped);
    }
    if (refused > 0) {
        (void)fprintf(stderr,
                      "etwas: %llu session%s could not be stopped\n"
                      "next: etwas --status, and look into the controller's log\n",
                      (unsigned long long)refused, refused == 1 ? "" : "s");
    }
    return refused > 0 ? REPORT_DENIED : REPORT_FINE;
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
