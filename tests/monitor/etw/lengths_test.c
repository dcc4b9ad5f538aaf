/* SPDX-License-Identifier: MIT */
/*
 * Real traces, which are too big for the project: the folder shared/etl beside it, and the
 * manifests of a Windows 10 in shared/etw-manifests. Whoever describes a record, the fields take
 * exactly the bytes that the record has; the exceptions are listed here, and docs/etl.md has their
 * reasons.
 */
#include <inttypes.h>
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

/* How many records each kind of schema describes. */
static size_t checked[ETW_RAW + 1];

/* Kinds of events whose fields do not take all bytes. */
static struct exception {
    const char *provider;
    uint16_t id;
    size_t rest; /* bytes behind the fields; all of them, if there is no schema */
    size_t count;
} exceptions[] = {
  /* Its manifest says that the level has 4 bytes; PerfView writes 8. */
    {"PerfView",                               13,  4,   0},
 /* Windows' manifest says that the items of Values have one number each; they have ten. */
    {"Microsoft-Windows-DotNETRuntime",        204, 360, 0},
 /* A structure of the runtime's own, which nothing describes. */
    {"Microsoft-Windows-DotNETRuntimePrivate", 4,   433, 0},
    {"Microsoft-Windows-DotNETRuntimePrivate", 4,   233, 0},
    {"{6f669bfa-816a-4204-a824-47c8e6a00474}", 2,   8,   0},
};

static bool is_exception(const char *provider, uint16_t id, size_t rest)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++) {
        struct exception *exception = &exceptions[i];
        if (strcmp(exception->provider, provider) == 0 && exception->id == id &&
            exception->rest == rest) {
            exception->count++;
            return true;
        }
    }
    return false;
}

/* How many do not fit and are no exception. */
static size_t check(struct schemas *schemas, const struct etl_record *record)
{
    struct event event;
    const struct etw_layout *layout = schemas_find(schemas, record);
    assert_non_null(layout);
    checked[layout->source]++;
    etw_event(&event, record, layout);
    const size_t rest = etw_rest(&event, arena);
    if (rest == 0 || is_exception(layout->schema.provider, record->id, rest)) {
        return 0;
    }
    print_error("%s, event %u (%s), version %u, %u bytes of %u: %" PRId64 " left\n",
                layout->schema.provider, (unsigned)record->id, layout->schema.event_name,
                (unsigned)record->version, (unsigned)record->pointer_size,
                (unsigned)record->payload_size, (int64_t)rest);
    return 1;
}

/* Every record to `schemas`: to be learnt, or to be checked. */
static size_t walk(const char *name, struct schemas *schemas, bool learning)
{
    const char *paths[] = {path};
    struct trace *trace = NULL;
    struct etl_record record;
    struct etwas_error error;
    size_t failed = 0;
    size_t wrong = 0;
    assert_true(has(name));
    assert_int_equal(trace_open(paths, 1, &trace, &failed, &error), ETWAS_OK);
    enum etwas_status status = trace_next(trace, &record);
    while (status == ETWAS_OK || status == ETWAS_AGAIN) {
        if (status == ETWAS_OK && learning) {
            (void)schemas_learn(schemas, &record);
        } else if (status == ETWAS_OK) {
            wrong += check(schemas, &record);
        }
        trace_advance(trace);
        status = trace_next(trace, &record);
    }
    assert_int_equal(status, ETWAS_CLOSED);
    trace_close(trace);
    return wrong;
}

static size_t check_file(const char *name)
{
    static const char *const manifests[] = {ETWAS_REAL_MANIFESTS,
                                            ETWAS_REAL_TRACES "/HTTP_Server.man"};
    const struct schemas_options options = {.manifests = manifests, .manifest_count = 2};
    struct schemas *schemas = NULL;
    struct etwas_error error;
    assert_int_equal(schemas_open(&options, &schemas, &error), ETWAS_OK);
    (void)walk(name, schemas, true);
    schemas_learnt(schemas);
    const size_t wrong = walk(name, schemas, false);
    schemas_close(schemas);
    return wrong;
}

static void fields_take_exactly_the_bytes_there_are(void **state)
{
    (void)state;
    static const struct {
        enum etw_source source;
        const char *name;
    } sources[] = {
        {ETW_TRACELOGGING,    "TraceLogging"                              },
        {ETW_EVENT_INFO,      "TRACE_EVENT_INFO"                          },
        {ETW_STREAM_MANIFEST, "manifests of EventSources"                 },
        {ETW_MANIFEST,        "instrumentation manifests, .NET's included"},
        {ETW_CLASSIC,         "classic tables"                            },
        {ETW_RAW,             "nobody"                                    },
    };
    size_t wrong = 0;
    arena = arena_open(4096);
    assert_non_null(arena);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        wrong += check_file(names[i]);
    }
    arena_close(arena);
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        print_message("%u records described by %s\n", (unsigned)checked[sources[i].source],
                      sources[i].name);
        assert_true(checked[sources[i].source] > 0);
    }
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++) {
        const struct exception *exception = &exceptions[i];
        print_message("exception: %s, event %u: %u records, %u bytes left\n", exception->provider,
                      (unsigned)exception->id, (unsigned)exception->count,
                      (unsigned)exception->rest);
        assert_true(exception->count > 0);
    }
    assert_int_equal(wrong, 0);
}

static bool has_manifests(void)
{
    FILE *file = fopen(ETWAS_REAL_MANIFESTS "/Microsoft-Windows-Kernel-Network.xml", "rb");
    if (file != NULL) {
        (void)fclose(file);
    }
    return file != NULL;
}

int main(void)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!has(names[i])) {
            (void)printf("there is no %s: skipped\n", path);
            return SKIPPED;
        }
    }
    if (!has_manifests()) {
        (void)printf("there is no %s: skipped\n", ETWAS_REAL_MANIFESTS);
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(fields_take_exactly_the_bytes_there_are)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
