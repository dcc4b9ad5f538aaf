/* SPDX-License-Identifier: MIT */
#include "monitor/report/explain.h"

#include <stdio.h>
#include <string.h>

#include "monitor/report/report.h"
#include "monitor/report/standing.h"
#include "monitor/session/host.h"

enum { SUGGESTION_SIZE = 256 };

int explain_refusal_next(const struct refusal *refusal, const char *next)
{
    char text[REFUSAL_TEXT_SIZE];
    refusal_text(refusal, text);
    char *general = strstr(text, "\nnext:");
    if (general != NULL) {
        *general = 0;
    }
    (void)fprintf(stderr, "etwas: %s\nnext: %s\n", text, next);
    return refusal_exit(refusal);
}

int explain_refusal(const struct refusal *refusal, const char *controller)
{
    const bool missing = refusal->status == ETWAS_NOT_FOUND;
    const bool shut_out = refusal->status == ETWAS_DENIED && refusal->error.os_code != 0;
    if (refusal->request == 0 && (missing || shut_out)) {
        char next[STANDING_ADVICE_SIZE];
        struct standing standing;
        standing_find(controller, &standing);
        if (shut_out) {
            standing_group_advice(&standing, next, sizeof next);
        } else {
            standing_start_advice(&standing, next, sizeof next);
        }
        return explain_refusal_next(refusal, next);
    }
    char text[REFUSAL_TEXT_SIZE];
    refusal_text(refusal, text);
    (void)fprintf(stderr, "etwas: %s\n", text);
    return refusal_exit(refusal);
}

enum etwas_status explain_catalog(struct connection *connection, struct catalog *catalog,
                                  struct refusal *refusal)
{
    const struct message_metadata wanted = {.system = ""};
    *catalog = (struct catalog){0};
    int handle = -1;
    enum etwas_status status = request_document(connection, &wanted, &handle, refusal);
    if (status != ETWAS_OK) {
        return status;
    }
    char *text = NULL;
    size_t size = 0;
    status = host_read(handle, CATALOG_MAX_TEXT, &text, &size);
    host_close(handle);
    if (status == ETWAS_OK) {
        status = catalog_init(catalog, text, size);
    }
    if (status != ETWAS_OK) {
        *refusal = (struct refusal){
            .status = status,
            .request = MESSAGE_METADATA,
            .local = true,
            .error = {status, 0, "reading the list of events"},
            .what = "the kernel's events"
        };
    }
    return status;
}

int explain_unknown(const struct catalog *catalog, const char *system, const char *event)
{
    char meant[SUGGESTION_SIZE];
    const struct catalog_event *first = NULL;
    if (catalog_system(catalog, system, &first) == 0) {
        catalog_suggest(catalog, NULL, system, meant, sizeof meant);
        (void)fprintf(stderr,
                      "etwas: this kernel has no event system %s%s%s%s\n"
                      "next: etwas --list providers\n",
                      system, meant[0] == 0 ? "" : "; did you mean ", meant,
                      meant[0] == 0 ? "" : "?");
        return REPORT_NOT_FOUND;
    }
    catalog_suggest(catalog, system, event, meant, sizeof meant);
    (void)fprintf(stderr,
                  "etwas: the system %s has no event %s%s%s%s\n"
                  "next: etwas --list events %s\n",
                  system, event, meant[0] == 0 ? "" : "; did you mean ", meant,
                  meant[0] == 0 ? "" : "?", system);
    return REPORT_NOT_FOUND;
}
