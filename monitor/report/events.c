/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "monitor/report/explain.h"
#include "monitor/report/report.h"

/* The kernel's events in `catalog`, or the exit status and nothing to clear. */
static int read_events(const struct options *options, struct catalog *catalog)
{
    struct connection connection;
    struct refusal refusal;
    *catalog = (struct catalog){0};
    if (request_connect(options->controller, &connection, &refusal) != ETWAS_OK) {
        return explain_refusal(&refusal, options->controller);
    }
    const enum etwas_status status = explain_catalog(&connection, catalog, &refusal);
    request_disconnect(&connection);
    return status == ETWAS_OK ? REPORT_FINE : explain_refusal(&refusal, options->controller);
}

int report_providers(const struct options *options)
{
    struct catalog catalog;
    const int result = read_events(options, &catalog);
    size_t at = 0;
    while (at < catalog.count) {
        const struct catalog_event *first = NULL;
        const size_t count = catalog_system(&catalog, catalog.events[at].system, &first);
        (void)printf("%-32s %5zu event%s\n", first->system, count, count == 1 ? "" : "s");
        at += count;
    }
    catalog_clear(&catalog);
    return result;
}

int report_events(const struct options *options)
{
    struct catalog catalog;
    int result = read_events(options, &catalog);
    const struct catalog_event *first = NULL;
    const size_t count = catalog_system(&catalog, options->list_system, &first);
    for (size_t i = 0; i < count; i++) {
        (void)printf("%s:%s\n", first[i].system, first[i].event);
    }
    if (result == REPORT_FINE && count == 0) {
        result = explain_unknown(&catalog, options->list_system, NULL);
    }
    catalog_clear(&catalog);
    return result;
}
