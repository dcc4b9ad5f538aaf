/* SPDX-License-Identifier: MIT */
#include "monitor/report/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "monitor/plan/ping.h"
#include "monitor/report/explain.h"
#include "monitor/report/relays.h"
#include "monitor/report/report.h"
#include "monitor/report/standing.h"
#include "monitor/session/host.h"
#include "monitor/usdt/note.h"

void doctor_say(enum finding finding, const char *next, const char *format, ...)
{
    static const char *const marks[] = {"ok", "no", "??"};
    va_list arguments;
    (void)printf("%s  ", marks[finding]);
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)printf("\n");
    if (next != NULL && next[0] != 0) {
        (void)printf("    next: %s\n", next);
    }
}

static void say_channel(const char *path, const struct standing *standing)
{
    char next[STANDING_ADVICE_SIZE] = "";
    if (standing->there) {
        doctor_say(FINDING_OK, NULL, "controller's socket %s: owner uid %u, group %s, mode %04o",
                   path, (unsigned)standing->owner, standing->group, (unsigned)standing->mode);
    } else if (standing->seen && !standing->active && !standing->root) {
        doctor_say(FINDING_UNKNOWN, NULL,
                   "controller's socket %s cannot be seen: its folder is open to the group %s",
                   path, standing->group);
    } else {
        standing_start_advice(standing, next, sizeof next);
        doctor_say(FINDING_NO, next, "controller's socket %s is not there", path);
    }
}

static void say_group(const struct standing *standing)
{
    char next[STANDING_ADVICE_SIZE] = "";
    if (!standing->seen) {
        return;
    }
    if (standing->root) {
        doctor_say(FINDING_OK, NULL, "you are root, who needs no group");
        return;
    }
    if (standing->active) {
        doctor_say(FINDING_OK, NULL, "%s is in the group %s", standing->user, standing->group);
        return;
    }
    standing_group_advice(standing, next, sizeof next);
    doctor_say(FINDING_NO, next, "%s is %sin the group %s%s", standing->user,
               standing->member ? "" : "not ", standing->group,
               standing->member ? ", but this login does not have it yet" : "");
}

/* True when an event of the system, its first, is allowed. */
static bool is_allowed(struct connection *connection, const struct catalog_event *event)
{
    struct message_metadata wanted = {.system = ""};
    struct refusal refusal;
    int handle = -1;
    (void)snprintf(wanted.system, sizeof wanted.system, "%s", event->system);
    (void)snprintf(wanted.event, sizeof wanted.event, "%s", event->event);
    if (request_document(connection, &wanted, &handle, &refusal) != ETWAS_OK) {
        return false;
    }
    host_close(handle);
    return true;
}

enum { REFUSED_SIZE = 240 };

/* Asks for the first event of every system; false when none is allowed. */
static bool say_policy(struct connection *connection, const struct catalog *catalog)
{
    char refused[REFUSED_SIZE] = "";
    size_t used = 0;
    size_t systems = 0;
    size_t allowed = 0;
    for (size_t at = 0; at < catalog->count;) {
        const struct catalog_event *first = NULL;
        at += catalog_system(catalog, catalog->events[at].system, &first);
        systems++;
        if (is_allowed(connection, first)) {
            allowed++;
        } else if (used < sizeof refused) {
            used += (size_t)snprintf(refused + used, sizeof refused - used, " %s", first->system);
        }
    }
    if (used >= sizeof refused) {
        memcpy(refused + sizeof refused - 4, "...", 4);
    }
    doctor_say(allowed > 0 ? FINDING_OK : FINDING_NO,
               allowed > 0 ? NULL
                           : "ask the administrator for a rule in /etc/etwas/policy "
                             "(etwas-policy(5))",
               "the policy allows you the first event of %zu of %zu systems%s%s", allowed, systems,
               used == 0 ? "" : "; refused:", refused);
    return allowed > 0;
}

static bool say_events(struct connection *connection)
{
    struct catalog catalog;
    struct refusal refusal;
    char text[REFUSAL_TEXT_SIZE];
    if (explain_catalog(connection, &catalog, &refusal) != ETWAS_OK) {
        refusal_text(&refusal, text);
        doctor_say(FINDING_NO, NULL, "%s", text);
        return false;
    }
    const bool any = say_policy(connection, &catalog);
    catalog_clear(&catalog);
    return any;
}

static void say_sessions(struct connection *connection)
{
    struct message_session session;
    struct refusal refusal;
    enum etwas_status status = ETWAS_OK;
    unsigned count = 0;
    uint32_t index = 0;
    while (status == ETWAS_OK || status == ETWAS_BUSY) {
        status = request_session(connection, index++, &session, &refusal);
        count += status == ETWAS_OK ? 1U : 0U;
    }
    doctor_say(status == ETWAS_NOT_FOUND ? FINDING_OK : FINDING_UNKNOWN, NULL,
               "%u session%s that you may stop", count, count == 1 ? "" : "s");
}

static bool has_ping_probe(const struct host_file *file)
{
    struct note_reader reader;
    struct usdt_probe probe;
    enum etwas_status status = note_reader_init(&reader, file->data, file->size);
    while (status == ETWAS_OK && (status = note_next(&reader, &probe)) == ETWAS_OK) {
        if (strcmp(probe.provider, "Ping") == 0 && strcmp(probe.name, "Ping") == 0) {
            return true;
        }
    }
    return false;
}

static void say_ping(void)
{
    char path[PING_PATH_SIZE];
    struct host_file file;
    struct etwas_error error;
    if (!ping_find(path)) {
        doctor_say(FINDING_UNKNOWN, "install etwas-ping beside etwas",
                   "etwas-ping is not found: the source Ping is not there");
        return;
    }
    if (host_file_open(path, &file, &error) != ETWAS_OK) {
        doctor_say(FINDING_NO, NULL, "etwas-ping at %s cannot be read", path);
        return;
    }
    const bool has = has_ping_probe(&file);
    host_file_close(&file);
    doctor_say(has ? FINDING_OK : FINDING_NO, has ? NULL : "build it anew", "etwas-ping at %s%s",
               path, has ? "" : " has no probe Ping:Ping");
}

/* What the controller answers; the exit status that this alone would have. */
static int say_controller(const struct options *options, const struct standing *standing)
{
    struct connection connection;
    struct refusal refusal;
    char next[STANDING_ADVICE_SIZE] = "";
    char text[REFUSAL_TEXT_SIZE];
    if (request_connect(options->controller, &connection, &refusal) != ETWAS_OK) {
        refusal_text(&refusal, text);
        text[strcspn(text, "\n")] = 0;
        if (refusal.status == ETWAS_DENIED && refusal.error.os_code != 0) {
            standing_group_advice(standing, next, sizeof next);
        } else if (refusal.status == ETWAS_NOT_FOUND) {
            standing_start_advice(standing, next, sizeof next);
        }
        doctor_say(FINDING_NO, next, "%s", text);
        return refusal_exit(&refusal);
    }
    doctor_say(FINDING_OK, NULL, "the controller answers; it counts %u CPU%s",
               (unsigned)connection.cpus, connection.cpus == 1 ? "" : "s");
    const bool any = say_events(&connection);
    say_sessions(&connection);
    request_disconnect(&connection);
    return any ? REPORT_FINE : REPORT_DENIED;
}

int report_doctor(const struct options *options)
{
    struct standing standing;
    const bool tracing = doctor_system();
    standing_find(options->controller, &standing);
    say_channel(options->controller == NULL ? CHANNEL_DEFAULT_PATH : options->controller,
                &standing);
    say_group(&standing);
    const int result = say_controller(options, &standing);
    say_ping();
    report_relays(options);
    doctor_say(FINDING_OK, NULL, "without any privilege: --source stdout, cpu, process-cpu");
    if (!tracing) {
        return REPORT_NOT_FOUND;
    }
    return result;
}
