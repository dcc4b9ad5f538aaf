/* SPDX-License-Identifier: MIT */
#include "monitor/report/relays.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "monitor/forward/forward.h"
#include "monitor/forward/key_file.h"
#include "monitor/forward/places.h"
#include "monitor/forward/probe.h"
#include "monitor/report/doctor.h"
#include "monitor/report/report.h"

enum { PROBLEM_SIZE = 128 };

static int exit_of(enum etwas_status status)
{
    if (status == ETWAS_DENIED) {
        return REPORT_DENIED;
    }
    return status == ETWAS_NOT_FOUND ? REPORT_NOT_FOUND : REPORT_FAILED;
}

int report_key(const struct options *options)
{
    static char what[FORWARD_WHAT_SIZE];
    char line[KEY_LINE_SIZE];
    struct key_pair pair;
    struct etwas_error error = {.status = ETWAS_OK};
    const enum etwas_status status = forward_key(options->relay.key, &pair, line, what, &error);
    if (status != ETWAS_OK) {
        char *next = strchr(what, '\n');
        const int size = next == NULL ? (int)strlen(what) : (int)(next - what);
        (void)fprintf(stderr, "etwas: %.*s: %s%s%s%s\n", size, what, error.doing,
                      error.os_code == 0 ? "" : ": ",
                      error.os_code == 0 ? "" : strerror((int)error.os_code),
                      next == NULL ? "" : next);
        return exit_of(status);
    }
    key_wipe(&pair);
    (void)printf("%s\n", line);
    return REPORT_FINE;
}

static void say_key(const char *given)
{
    char path[PLACES_PATH_SIZE] = "";
    char id[KEY_ID_SIZE];
    struct key_pair pair;
    struct etwas_error error = {ETWAS_SYSTEM, 1, "libsodium cannot be used"};
    if (given == NULL && !places_key(path)) {
        doctor_say(FINDING_NO, "set HOME, or give --key FILE", "this user has no home for a key");
        return;
    }
    const char *file = given == NULL ? path : given;
    enum etwas_status status = key_library_open();
    if (status == ETWAS_OK) {
        status = key_file_read(file, &pair, &error);
    }
    if (status == ETWAS_OK) {
        key_id(pair.public_key, id);
        key_wipe(&pair);
        doctor_say(FINDING_OK, NULL, "key %s: %s", file, id);
    } else if (status == ETWAS_NOT_FOUND) {
        doctor_say(FINDING_OK, NULL, "key %s is not there yet: the first --sink http:// makes it",
                   file);
    } else {
        char next[PLACES_PATH_SIZE + 16];
        (void)snprintf(next, sizeof next, "chmod 600 %s", file);
        doctor_say(FINDING_NO, error.os_code == 0 ? next : NULL, "key %s: %s", file, error.doing);
    }
}

static void say_spool(const char *given)
{
    char path[PLACES_PATH_SIZE] = "";
    struct probe_spool found;
    if (given == NULL && !places_spool(path)) {
        doctor_say(FINDING_NO, "set HOME, or give --spool DIR",
                   "this user has no home for a spool");
        return;
    }
    const char *folder = given == NULL ? path : given;
    probe_spool(folder, &found);
    if (!found.there) {
        doctor_say(FINDING_OK, NULL, "spool %s is not there yet: the first --sink http:// makes it",
                   folder);
    } else {
        doctor_say(found.writable ? FINDING_OK : FINDING_NO,
                   found.writable ? NULL : "give a folder of your own: --spool DIR",
                   "spool %s: %" PRIu64 " stream%s, %" PRIu64 " KB%s", folder, found.streams,
                   found.streams == 1 ? "" : "s", (found.bytes + 1023) / 1024,
                   found.writable ? "" : "; it cannot be written");
    }
}

static void say_relay(const char *place, const char *ca)
{
    char problem[PROBLEM_SIZE];
    struct address address;
    const char *wrong = NULL;
    if (address_parse(place, &address, &wrong) != ETWAS_OK) {
        return; /* a role: its instances are found while sending */
    }
    if (probe_relay(&address, ca, problem, sizeof problem)) {
        doctor_say(FINDING_OK, NULL, "relay %s answers", place);
    } else {
        doctor_say(FINDING_NO, "start etwass there, or look at the address",
                   "relay %s does not answer: %s", place, problem);
    }
}

void report_relays(const struct options *options)
{
    say_key(options->relay.key);
    say_spool(options->relay.spool);
    for (size_t i = 0; i < options->sink_count; i++) {
        if (options->sinks[i].kind == SINK_KIND_RELAY) {
            say_relay(options->sinks[i].path, options->relay.ca);
        }
    }
}
