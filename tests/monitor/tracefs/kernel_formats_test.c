/* SPDX-License-Identifier: MIT */
/* Every format of the running kernel parses, and has a sane layout. Reads only. */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "monitor/tracefs/print_format.h"
#include "tests/check.h"

enum { SKIPPED = 77 };

static const char ROOT[] = "/sys/kernel/tracing/events/";
static glob_t found;

/* Fields lie behind one another, and within the largest record. */
static void check_layout(const struct format *format)
{
    uint32_t end = 0;
    const size_t count = (size_t)format->common_count + format->field_count;
    for (size_t i = 0; i < count; i++) {
        const struct format_field *field = &format->common[i];
        assert_true(field->offset >= end);
        end = field->offset + field->size;
    }
    assert_int_equal(format->common_count, 4);
    assert_true(end <= FORMAT_RECORD_SIZE);
}

static void every_format_of_this_kernel_parses(void **state)
{
    (void)state;
    struct arena *arena = arena_open(256 << 20);
    static char text[FORMAT_TEXT_SIZE + 1];
    size_t named = 0;
    assert_non_null(arena);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const struct format *format = NULL;
        char system[128];
        FILE *file = fopen(found.gl_pathv[i], "r");
        if (file == NULL) {
            continue; /* an event of a probe that has just been removed */
        }
        const size_t size = fread(text, 1, sizeof text, file);
        (void)fclose(file);
        const char *start = found.gl_pathv[i] + strlen(ROOT);
        (void)snprintf(system, sizeof system, "%.*s", (int)strcspn(start, "/"), start);
        if (size == 0) {
            continue;
        }
        assert_int_equal(format_parse(system, text, size, arena, &format), ETWAS_OK);
        assert_non_null(format->print);
        check_layout(format);
        for (uint16_t k = 0; k < format->field_count; k++) {
            named += format->fields[k].names != NULL;
        }
    }
    print_message("%zu formats, %zu fields with names\n", found.gl_pathc, named);
    assert_true(named != 0);
    arena_close(arena);
}

int main(void)
{
    char pattern[64];
    (void)snprintf(pattern, sizeof pattern, "%s*/*/format", ROOT);
    if (glob(pattern, 0, NULL, &found) != 0) {
        (void)fprintf(stderr, "skipped: needs root and tracefs\n");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_of_this_kernel_parses),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    globfree(&found);
    return failed;
}
