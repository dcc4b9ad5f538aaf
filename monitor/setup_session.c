/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "monitor/plan/ping.h"
#include "monitor/report/explain.h"
#include "monitor/session/host.h"
#include "monitor/session/session.h"
#include "monitor/setup.h"
#include "monitor/usdt/note.h"

enum { EXIT_NOT_FOUND = 4, PING_ID = 2000, PROBES_TEXT_SIZE = 400, NEXT_SIZE = 512 };

/* A session being told what to trace. */
struct enabling {
    const struct options *options;
    struct session *session;
    int result; /* exit status: that of the first thing that failed, else 0 */
};

static void keep_result(struct enabling *enabling, int result)
{
    if (enabling->result == 0) {
        enabling->result = result;
    }
}

static void say_enabled(const struct enabling *enabling, const char *name, uint32_t count,
                        const char *things)
{
    if (enabling->options->quiet) {
        return;
    }
    if (count == 1) {
        (void)fprintf(stderr, "Enabled %s\n", name);
    } else {
        (void)fprintf(stderr, "Enabled %s (%u %s)\n", name, (unsigned)count, things);
    }
}

/* Part of what was asked for is not allowed: one line for all of it. */
static void say_partly(const char *name, const struct session_outcome *outcome,
                       const struct refusal *refusal)
{
    char line[64] = "no rule of the policy allows them";
    if (refusal->detail != 0) {
        (void)snprintf(line, sizeof line, "the policy, line %u", (unsigned)refusal->detail);
    }
    (void)fprintf(stderr, "etwas: %u of %u events of %s are refused: %s\n",
                  (unsigned)outcome->refused, (unsigned)(outcome->enabled + outcome->refused), name,
                  line);
}

/*
 * Was the name wrong, and what was meant? Asked over a connection of its own, since
 * the session's is in the middle of something else.
 */
static int say_unknown(const struct enabling *enabling, const struct message_enable *enable,
                       const struct refusal *refusal)
{
    const char *path = enabling->options->controller;
    struct connection connection;
    struct catalog catalog;
    struct refusal other;
    if (request_connect(path, &connection, &other) != ETWAS_OK) {
        return explain_refusal(refusal, path);
    }
    int result = EXIT_NOT_FOUND;
    if (explain_catalog(&connection, &catalog, &other) != ETWAS_OK) {
        result = explain_refusal(refusal, path);
    } else {
        result = explain_unknown(&catalog, enable->system, enable->event);
        catalog_clear(&catalog);
    }
    request_disconnect(&connection);
    return result;
}

static void say_bad_filter(const char *name)
{
    (void)fprintf(stderr,
                  "etwas: the kernel does not take this filter for %s: a field that the "
                  "event does not have, or a value that does not fit it\n"
                  "next: look for the fields in an event shown without filter; filter "
                  "events by name when those of a system have different fields\n",
                  name);
}

static void enable_event(struct enabling *enabling, const struct message_enable *enable)
{
    char name[2 * MESSAGE_NAME_SIZE + 2];
    struct session_outcome outcome;
    struct refusal refusal;
    const bool whole = enable->event[0] == 0;
    (void)snprintf(name, sizeof name, "%s%s%s", enable->system, whole ? "" : ":", enable->event);
    const enum etwas_status status = session_enable(enabling->session, enable, &outcome, &refusal);
    if (status == ETWAS_OK) {
        say_enabled(enabling, name, outcome.enabled, "events");
        if (outcome.refused > 0) {
            say_partly(name, &outcome, &refusal);
        }
    } else if (status == ETWAS_NOT_FOUND && !refusal.local) {
        keep_result(enabling, say_unknown(enabling, enable, &refusal));
    } else if (status == ETWAS_SYSTEM && !refusal.local && enable->filter_count > 0) {
        say_bad_filter(name);
        keep_result(enabling, 1);
    } else {
        if (outcome.refused > 1) {
            (void)snprintf(refusal.what, sizeof refusal.what, "any of the %u events of %.100s",
                           (unsigned)outcome.refused, name);
        }
        keep_result(enabling, explain_refusal(&refusal, enabling->options->controller));
    }
}

static void enable_tracepoints(struct enabling *enabling, const struct source_spec *spec)
{
    struct message_enable enable = {.filter_count = spec->filter_count};
    memcpy(enable.system, spec->system, sizeof enable.system);
    memcpy(enable.filters, spec->filters, sizeof enable.filters);
    if (spec->event_count == 0) {
        enable_event(enabling, &enable);
    }
    for (uint32_t i = 0; i < spec->event_count; i++) {
        memcpy(enable.event, spec->events[i], sizeof enable.event);
        enable_event(enabling, &enable);
    }
}

/* Names the probes that the file does have, as far as they fit on a line. */
static void say_probes(const char *path)
{
    struct host_file file;
    struct etwas_error error;
    if (host_file_open(path, &file, &error) != ETWAS_OK) {
        return;
    }
    char text[PROBES_TEXT_SIZE] = "";
    size_t used = 0;
    struct note_reader reader;
    struct usdt_probe probe;
    enum etwas_status status = note_reader_init(&reader, file.data, file.size);
    while (status == ETWAS_OK && (status = note_next(&reader, &probe)) == ETWAS_OK &&
           used < sizeof text) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, " %s:%s", probe.provider, probe.name);
    }
    host_file_close(&file);
    (void)fprintf(stderr, "next: choose among its probes:%s%s\n", used == 0 ? " it has none" : text,
                  used >= sizeof text ? "..." : "");
}

static void enable_probes(struct enabling *enabling, const struct session_probe *wanted,
                          const char *name)
{
    struct session_outcome outcome;
    struct refusal refusal;
    const enum etwas_status status =
        session_enable_usdt(enabling->session, wanted, &outcome, &refusal);
    if (status == ETWAS_OK) {
        say_enabled(enabling, name, outcome.enabled, "probes");
        if (outcome.refused > 0) {
            say_partly(name, &outcome, &refusal);
        }
        return;
    }
    if (status == ETWAS_NOT_FOUND && refusal.local && refusal.error.os_code == 0) {
        (void)fprintf(stderr, "etwas: there is no probe %s\n", name);
        say_probes(wanted->path);
        keep_result(enabling, EXIT_NOT_FOUND);
        return;
    }
    if (status == ETWAS_DENIED && !refusal.local) {
        char next[NEXT_SIZE];
        (void)snprintf(next, sizeof next,
                       "ask the administrator for a rule: allow WHO usdt:own, for programs of "
                       "your own; for one of root's, what etwas --usdt-rule %.256s prints",
                       wanted->path);
        keep_result(enabling, explain_refusal_next(&refusal, next));
        return;
    }
    keep_result(enabling, explain_refusal(&refusal, enabling->options->controller));
}

static void enable_ping(struct enabling *enabling)
{
    static const struct selection_names names = {
        .provider = "Ping",
        .event = "Ping",
        .event_id = PING_ID,
        .field_count = 3,
        .fields = {"Number", "Thread", "Text"}
    };
    char path[PING_PATH_SIZE];
    if (!ping_find(path)) {
        (void)fprintf(stderr,
                      "etwas: etwas-ping, whose probe is the source Ping, is neither beside "
                      "etwas nor in PATH\n"
                      "next: install it, or name the program: --source usdt:PATH:Ping:Ping\n");
        keep_result(enabling, EXIT_NOT_FOUND);
        return;
    }
    const struct session_probe wanted = {.path = path,
                                         .provider = "Ping",
                                         .name = "Ping",
                                         .text_mask = UINT32_C(1) << PING_TEXT_ARGUMENT,
                                         .names = &names};
    enable_probes(enabling, &wanted, "Ping");
}

static void enable_source(struct enabling *enabling, const struct source_spec *spec,
                          const char *text)
{
    if (spec->kind == SOURCE_TRACEPOINT) {
        enable_tracepoints(enabling, spec);
    } else if (spec->kind == SOURCE_PING) {
        enable_ping(enabling);
    } else if (spec->kind == SOURCE_USDT) {
        const struct session_probe wanted = {.path = spec->path,
                                             .provider = spec->provider,
                                             .name = spec->probe,
                                             .text_mask = spec->text_mask};
        enable_probes(enabling, &wanted, text);
    }
}

static void enable_sources(struct enabling *enabling, bool filtered)
{
    const struct options *options = enabling->options;
    for (size_t i = 0; i < options->source_count; i++) {
        const struct source_spec *spec = options->sources[i];
        if ((spec->filter_count > 0) == filtered) {
            enable_source(enabling, spec, options->source_texts[i]);
        }
    }
}

/* What asks for all of an event comes after what filters it: the last word counts. */
static void enable_all(struct enabling *enabling)
{
    enable_sources(enabling, true);
    enable_sources(enabling, false);
}

int setup_session(const struct options *options, struct source **source)
{
    const struct session_options wanted = {.controller = options->controller,
                                           .name = options->session,
                                           .subbuffer_kib = options->subbuffer_kib,
                                           .ring_kib = options->ring_kib,
                                           .linger_s = options->linger_s,
                                           .include_self = options->include_self};
    struct enabling enabling = {.options = options};
    struct refusal refusal;
    *source = NULL;
    if (session_open(&wanted, &enabling.session, &refusal) != ETWAS_OK) {
        return explain_refusal(&refusal, options->controller);
    }
    enable_all(&enabling);
    if (enabling.result != 0) {
        session_close(enabling.session);
        return enabling.result;
    }
    if (session_start(enabling.session, source, &refusal) != ETWAS_OK) {
        return explain_refusal(&refusal, options->controller);
    }
    return 0;
}
