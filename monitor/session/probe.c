/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "monitor/session/host.h"
#include "monitor/session/session_parts.h"
#include "monitor/usdt/note.h"

/* The events of a probe are called as the program calls them. */
static void own_names(struct selection_names *names, const struct usdt_probe *probe)
{
    *names = (struct selection_names){.event_id = 0};
    memcpy(names->provider, probe->provider, sizeof names->provider);
    memcpy(names->event, probe->name, sizeof names->event);
}

static enum etwas_status enable_probe(struct session *session, const struct session_probe *wanted,
                                      const struct usdt_probe *probe, int handle,
                                      struct refusal *refusal)
{
    struct message_usdt usdt = {.offset = probe->offset,
                                .semaphore = probe->semaphore,
                                .argument_count = probe->argument_count};
    const uint32_t all = (UINT32_C(1) << probe->argument_count) - 1;
    usdt.text_mask = wanted->text_mask & all;
    memcpy(usdt.arguments, probe->arguments, sizeof usdt.arguments);

    char what[REFUSAL_WHAT_SIZE];
    (void)snprintf(what, sizeof what, "%s:%s:%s", wanted->path, probe->provider, probe->name);
    uint8_t body[MESSAGE_USDT_SIZE];
    struct bytes_writer writer = bytes_writer_of(body, sizeof body);
    message_put_usdt(&writer, &usdt);
    const struct request request = {
        .type = MESSAGE_USDT, .handle = handle, .size = sizeof body, .body = body, .what = what};

    struct selection_names names;
    own_names(&names, probe);
    struct message_enable enable = {.filter_count = 0};
    memcpy(enable.system, probe->provider, sizeof enable.system);
    return session_add(session, &request, &enable, wanted->names != NULL ? wanted->names : &names,
                       refusal);
}

static enum etwas_status enable_matching(struct session *session,
                                         const struct session_probe *wanted,
                                         const struct host_file *file,
                                         struct session_outcome *outcome, struct refusal *refusal)
{
    const struct request request = {.type = MESSAGE_USDT, .what = wanted->path};
    struct note_reader reader;
    enum etwas_status status = note_reader_init(&reader, file->data, file->size);
    enum etwas_status last = ETWAS_NOT_FOUND;
    struct usdt_probe probe;
    while (status == ETWAS_OK) {
        status = note_next(&reader, &probe);
        if (status != ETWAS_OK ||
            !session_matches(wanted->provider, probe.provider, strlen(probe.provider)) ||
            !session_matches(wanted->name, probe.name, strlen(probe.name))) {
            continue;
        }
        last = enable_probe(session, wanted, &probe, file->handle, refusal);
        if (!session_count(outcome, last)) {
            return last;
        }
    }
    if (status != ETWAS_CLOSED) {
        return session_fail(refusal, &request, status, "reading the program's probes");
    }
    if (last == ETWAS_NOT_FOUND && outcome->enabled + outcome->refused == 0) {
        return session_fail(refusal, &request, ETWAS_NOT_FOUND, "looking for the probe");
    }
    return outcome->enabled != 0 ? ETWAS_OK : last;
}

enum etwas_status session_enable_usdt(struct session *session, const struct session_probe *wanted,
                                      struct session_outcome *outcome, struct refusal *refusal)
{
    *outcome = (struct session_outcome){0};
    *refusal = (struct refusal){.status = ETWAS_OK};
    const struct request request = {.type = MESSAGE_USDT, .what = wanted->path};
    struct host_file file;
    struct etwas_error error = {.status = ETWAS_OK};
    enum etwas_status status = host_file_open(wanted->path, &file, &error);
    if (status != ETWAS_OK) {
        (void)session_fail(refusal, &request, status, error.doing);
        refusal->error = error;
        return status;
    }
    status = enable_matching(session, wanted, &file, outcome, refusal);
    host_file_close(&file);
    return status;
}
