/* SPDX-License-Identifier: MIT */
#include "monitor/sink/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"

static char folder[32];
static char path[64];
static struct sink *sink;
static struct etwas_error error;

static const char *field_name(const struct schema *schema, uint16_t index)
{
    (void)schema;
    (void)index;
    return "Number";
}

static struct value field(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)index;
    (void)arena;
    return (struct value){.type = VALUE_UINT, .as.u = event->id};
}

static const struct schema schema = {.provider = "Test",
                                     .event_name = "Event",
                                     .field_count = 1,
                                     .field_name = field_name,
                                     .field = field};

static void make_events(struct event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        events[i] = (struct event){.schema = &schema,
                                   .time = EVENT_UNIX_EPOCH,
                                   .level = EVENT_LEVEL_NONE,
                                   .id = (uint16_t)(i + 1)};
    }
}

static int set_up(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(folder, sizeof folder, "/tmp/etwas-sink-XXXXXX");
    sink = NULL;
    error = (struct etwas_error){.status = ETWAS_OK};
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    sink_close(sink);
    (void)unlink(path);
    (void)rmdir(folder);
    return 0;
}

static const char *in_folder(const char *name)
{
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* The file's text, up to `room` bytes. */
static size_t read_file(char *text, size_t room)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = read(fd, text, room - 1);
    (void)close(fd);
    assert_true(got >= 0);
    text[got] = '\0';
    return (size_t)got;
}

static void write_and_flush(size_t count)
{
    struct event events[16];
    make_events(events, count);
    assert_int_equal(sink->ops->write(sink, events, count, &error), ETWAS_OK);
    assert_int_equal(sink->ops->flush(sink, &error), ETWAS_OK);
}

static size_t count_text(const char *text, const char *part)
{
    size_t count = 0;
    while ((text = strstr(text, part)) != NULL) {
        count++;
        text++;
    }
    return count;
}

static void a_json_file_has_one_line_an_event(void **state)
{
    (void)state;
    static char text[16384];
    assert_int_equal(sink_file_open(in_folder("a.jsonl"), &sink, &error), ETWAS_OK);
    write_and_flush(3);
    (void)read_file(text, sizeof text);
    assert_int_equal(count_text(text, "\n"), 3);
    assert_int_equal(strncmp(text, "{\"", 2), 0);
    assert_int_equal(count_text(text, "\"Number\":3"), 1);
}

static void a_text_file_is_for_people(void **state)
{
    (void)state;
    static char text[16384];
    assert_int_equal(sink_file_open(in_folder("a.txt"), &sink, &error), ETWAS_OK);
    assert_string_equal(sink->name + strlen("file:"), path);
    write_and_flush(2);
    (void)read_file(text, sizeof text);
    assert_int_equal(count_text(text, "Event: "), 2);
}

static void a_file_is_made_for_its_user_only(void **state)
{
    (void)state;
    struct stat about;
    const mode_t before = umask(0);
    assert_int_equal(sink_file_open(in_folder("a.json"), &sink, &error), ETWAS_OK);
    (void)umask(before);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
}

static void a_file_that_is_there_is_emptied(void **state)
{
    (void)state;
    char text[64];
    const int fd = open(in_folder("a.json"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "old", 3), 3);
    (void)close(fd);
    assert_int_equal(sink_file_open(path, &sink, &error), ETWAS_OK);
    assert_int_equal(read_file(text, sizeof text), 0);
}

static void a_file_of_xml_is_one_document(void **state)
{
    (void)state;
    char text[2048];
    struct event events[2];
    make_events(events, 2);
    assert_int_equal(sink_file_open(in_folder("a.xml"), &sink, &error), ETWAS_OK);
    assert_int_equal(sink->ops->write(sink, events, 2, &error), ETWAS_OK);
    assert_int_equal(sink->ops->flush(sink, &error), ETWAS_OK);
    assert_int_equal(sink->ops->finish(sink, &error), ETWAS_OK);
    const size_t size = read_file(text, sizeof text);
    static const char end[] = "</Event>\n</Events>\n";
    assert_int_equal(strncmp(text, "<?xml", 5), 0);
    assert_memory_equal(text + size - (sizeof end - 1), end, sizeof end - 1);
}

static void a_file_of_csv_begins_with_names(void **state)
{
    (void)state;
    char text[2048];
    struct event events[1];
    make_events(events, 1);
    assert_int_equal(sink_file_open(in_folder("a.csv"), &sink, &error), ETWAS_OK);
    assert_int_equal(sink->ops->write(sink, events, 1, &error), ETWAS_OK);
    assert_int_equal(sink->ops->finish(sink, &error), ETWAS_OK);
    const size_t size = read_file(text, sizeof text);
    text[size] = 0;
    assert_int_equal(strncmp(text, "TimeCreated,Provider,", 21), 0);
    assert_non_null(strstr(text, "\r\n1970-01-01T00:00:00.0000000Z,Test,"));
}

static void an_unknown_extension_is_refused_and_makes_no_file(void **state)
{
    (void)state;
    static const char *const names[] = {"a.pdf", "a", "a.json.gz", ".jsonlx"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(sink_file_open(in_folder(names[i]), &sink, &error), ETWAS_NOT_FOUND);
        assert_null(sink);
        assert_int_equal(error.os_code, 0);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    (void)state;
    assert_int_equal(sink_file_open("/nonexistent/a.json", &sink, &error), ETWAS_NOT_FOUND);
    assert_int_equal(error.os_code, ENOENT);
    assert_null(sink);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    struct event events[2];
    make_events(events, 2);
    assert_int_equal(symlink("/dev/full", in_folder("a.json")), 0);
    assert_int_equal(sink_file_open(path, &sink, &error), ETWAS_OK);
    assert_int_equal(sink->ops->write(sink, events, 2, &error), ETWAS_OK);
    assert_int_equal(sink->ops->flush(sink, &error), ETWAS_SYSTEM);
    assert_int_equal(error.os_code, ENOSPC);
    assert_non_null(error.doing);
}

/* Opens the stdout sink while the standard output is the write end of a pipe. */
static int open_on_pipe(int *kept)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)fflush(stdout);
    *kept = dup(STDOUT_FILENO);
    (void)dup2(ends[1], STDOUT_FILENO);
    (void)close(ends[1]);
    const enum etwas_status status = sink_stdout_open(EVENT_JSON, &sink, &error);
    if (status != ETWAS_OK) {
        (void)dup2(*kept, STDOUT_FILENO);
    }
    assert_int_equal(status, ETWAS_OK);
    return ends[0];
}

static void standard_output_waits_for_a_block_or_a_flush(void **state)
{
    (void)state;
    int kept = -1;
    char text[4096] = {0};
    struct event events[2];
    make_events(events, 2);
    const int end = open_on_pipe(&kept);
    (void)fcntl(end, F_SETFL, O_NONBLOCK);
    const enum etwas_status written = sink->ops->write(sink, events, 2, &error);
    const ssize_t before = read(end, text, sizeof text - 1);
    const enum etwas_status flushed = sink->ops->flush(sink, &error);
    const ssize_t after = read(end, text, sizeof text - 1);
    (void)dup2(kept, STDOUT_FILENO);
    (void)close(kept);
    (void)close(end);
    assert_int_equal(written, ETWAS_OK);
    assert_int_equal(flushed, ETWAS_OK);
    assert_int_equal(before, -1);
    assert_true(after > 0);
    assert_int_equal(count_text(text, "\n"), 2);
}

static void a_reader_that_leaves_is_no_error(void **state)
{
    (void)state;
    int kept = -1;
    struct event event;
    make_events(&event, 1);
    (void)close(open_on_pipe(&kept));
    const enum etwas_status written = sink->ops->write(sink, &event, 1, &error);
    const enum etwas_status flushed = sink->ops->flush(sink, &error);
    (void)dup2(kept, STDOUT_FILENO);
    (void)close(kept);
    assert_int_equal(written, ETWAS_OK);
    assert_int_equal(flushed, ETWAS_CLOSED);
    assert_int_equal(error.status, ETWAS_OK);
}

static void the_null_sink_takes_everything_unseen(void **state)
{
    (void)state;
    assert_int_equal(sink_null_open(&sink, &error), ETWAS_OK);
    assert_true(sink->counts_only);
    write_and_flush(16);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_json_file_has_one_line_an_event),
        CLAIM(a_text_file_is_for_people),
        CLAIM(a_file_is_made_for_its_user_only),
        CLAIM(a_file_that_is_there_is_emptied),
        CLAIM(a_file_of_xml_is_one_document),
        CLAIM(a_file_of_csv_begins_with_names),
        CLAIM(an_unknown_extension_is_refused_and_makes_no_file),
        CLAIM(a_folder_that_is_not_there_is_said),
        CLAIM(a_full_disk_is_an_error),
        CLAIM(standard_output_waits_for_a_block_or_a_flush),
        CLAIM(a_reader_that_leaves_is_no_error),
        CLAIM(the_null_sink_takes_everything_unseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
