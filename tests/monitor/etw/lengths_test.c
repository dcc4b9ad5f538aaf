/* SPDX-License-Identifier: MIT */
/*
 * Real traces, which are too big for the project: the folder shared/etl beside it. Wherever a
 * table of ours describes a record, the fields take exactly the bytes that the record has.
 */
#include <stdio.h>
#include <string.h>

#include "monitor/etl/trace.h"
#include "monitor/etw/decode.h"
#include "monitor/etw/schemas.h"
#include "tests/check.h"

enum { SKIPPED = 77, PATH_SIZE = 1024 };

static const char *const names[] = {
    "AMSITrace",
    "HTTP_Server",
    "KernelNetwork",
    "Process",
    "SelfDescribingSingleEvent",
    "gcevents",
    "net.4.5.2.x64",
    "ShutdownPerfDiagLogger",
    "powershell",
    "waasmedic",
    "primitive-types",
    "diaghub.kernel.1",
};

static char path[PATH_SIZE];
static struct arena *arena; /* walking over fields takes nothing of it */

static bool has(const char *name)
{
    (void)snprintf(path, sizeof path, "%s/%s.etl", ETWAS_REAL_TRACES, name);
    FILE *file = fopen(path, "rb");
    if (file != NULL) {
        (void)fclose(file);
    }
    return file != NULL;
}

/* How many records were checked, and how many did not fit. */
struct counts {
    size_t checked;
    size_t wrong;
};

static void check(struct schemas *schemas, const struct etl_record *record, struct counts *counts)
{
    struct event event;
    const struct etw_layout *layout = schemas_find(schemas, record);
    assert_non_null(layout);
    if (layout->source == ETW_CLASSIC) {
        etw_event(&event, record, layout);
        const size_t rest = etw_rest(&event, arena);
        counts->checked++;
        if (rest != 0 && counts->wrong++ < 5) {
            print_error("%s version %u, %u bytes of %u: %u left\n", layout->schema.event_name,
                        (unsigned)record->version, (unsigned)record->pointer_size,
                        (unsigned)record->payload_size, (unsigned)rest);
        }
    }
}

static struct counts check_file(const char *name)
{
    struct counts counts = {0, 0};
    const struct schemas_options options = {.manifests = NULL};
    const char *paths[] = {path};
    struct trace *trace = NULL;
    struct schemas *schemas = NULL;
    struct etl_record record;
    struct etwas_error error;
    size_t failed = 0;
    assert_true(has(name));
    assert_int_equal(trace_open(paths, 1, &trace, &failed, &error), ETWAS_OK);
    assert_int_equal(schemas_open(&options, &schemas, &error), ETWAS_OK);
    schemas_learnt(schemas);
    enum etwas_status status = trace_next(trace, &record);
    while (status == ETWAS_OK || status == ETWAS_AGAIN) {
        if (status == ETWAS_OK) {
            check(schemas, &record, &counts);
        }
        trace_advance(trace);
        status = trace_next(trace, &record);
    }
    assert_int_equal(status, ETWAS_CLOSED);
    schemas_close(schemas);
    trace_close(trace);
    return counts;
}

static void tables_take_exactly_the_bytes_there_are(void **state)
{
    (void)state;
    struct counts all = {0, 0};
    arena = arena_open(4096);
    assert_non_null(arena);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct counts counts = check_file(names[i]);
        all.checked += counts.checked;
        all.wrong += counts.wrong;
    }
    arena_close(arena);
    print_message("%u records of classic providers\n", (unsigned)all.checked);
    assert_int_equal(all.wrong, 0);
    assert_true(all.checked > 0);
}

int main(void)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!has(names[i])) {
            (void)printf("there is no %s: skipped\n", path);
            return SKIPPED;
        }
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(tables_take_exactly_the_bytes_there_are)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
