/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/local/counters.h"
#include "monitor/local/lines.h"
#include "tests/check.h"

/* Keeps the fields of what it is handed, one event a line. */
struct keeper {
    struct event_handler handler;
    size_t count;
    size_t size;
    char text[16 * 1024];
};

static void keep(struct keeper *keeper, const char *data, size_t size)
{
    assert_true(size < sizeof keeper->text - keeper->size);
    memcpy(keeper->text + keeper->size, data, size);
    keeper->size += size;
    keeper->text[keeper->size] = 0;
}

static void keep_field(struct keeper *keeper, const struct event *event, uint16_t index)
{
    char text[64];
    const struct value value = event_field(event, index, NULL);
    switch (value.type) {
    case VALUE_TEXT:
        keep(keeper, value.as.text.data, value.as.text.size);
        return;
    case VALUE_INT:
        keep(keeper, text, (size_t)snprintf(text, sizeof text, "%lld ", (long long)value.as.i));
        return;
    case VALUE_UINT:
        keep(keeper, text,
             (size_t)snprintf(text, sizeof text, "%llu ", (unsigned long long)value.as.u));
        return;
    case VALUE_FLOAT:
        assert_true(value.as.number >= 0);
        keep(keeper, text, (size_t)snprintf(text, sizeof text, "%.2f ", value.as.number));
        return;
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_HEX:
    case VALUE_BYTES:
    case VALUE_TIME:
    case VALUE_GUID:
    case VALUE_ARRAY:
    case VALUE_OBJECT:
    case VALUE_ABSENT:
        break;
    }
    fail_msg("a field of type %d", (int)value.type);
}

static enum etwas_status handle(struct event_handler *handler, const struct event *events,
                                size_t count)
{
    struct keeper *keeper = (struct keeper *)(void *)handler;
    for (size_t i = 0; i < count; i++) {
        for (uint16_t field = 0; field < events[i].schema->field_count; field++) {
            keep_field(keeper, &events[i], field);
        }
        keep(keeper, "\n", 1);
        keeper->count++;
    }
    return ETWAS_OK;
}

/* Pumps until `count` events came or the source has ended; its last status. */
static enum etwas_status pump(struct source *source, struct keeper *keeper, size_t count)
{
    enum etwas_status status = ETWAS_OK;
    struct etwas_error error;
    while (status == ETWAS_OK && keeper->count < count) {
        /* As the pipeline does: only when there is input, or its time has come. */
        struct pollfd waiting = {.fd = source->ops->descriptor(source), .events = POLLIN};
        if (poll(&waiting, 1, source->ops->timeout_ms(source)) == 0 &&
            source->ops->timeout_ms(source) != 0) {
            continue;
        }
        status = source->ops->pump(source, &keeper->handler, &error);
    }
    return status;
}

static struct keeper keeper;

static int start(void **state)
{
    (void)state;
    memset(&keeper, 0, sizeof keeper);
    keeper.handler.handle = handle;
    return 0;
}

static struct source *open_command(char *const *command)
{
    struct source *source = NULL;
    struct etwas_error error;
    assert_int_equal(lines_open(command, &source, &error), ETWAS_OK);
    return source;
}

/* argv wants text that can be written to. */
struct command {
    char words[3][256];
    char *arguments[4];
};

static char *const *shell(struct command *command, const char *script)
{
    (void)snprintf(command->words[0], sizeof command->words[0], "sh");
    (void)snprintf(command->words[1], sizeof command->words[1], "-c");
    (void)snprintf(command->words[2], sizeof command->words[2], "%s", script);
    for (size_t i = 0; i < 3; i++) {
        command->arguments[i] = command->words[i];
    }
    command->arguments[3] = NULL;
    return command->arguments;
}

static void the_lines_of_a_command_come_in_order(void **state)
{
    (void)state;
    struct command command;
    struct source *source = open_command(shell(&command, "echo a; echo; printf b"));
    assert_int_equal(pump(source, &keeper, SIZE_MAX), ETWAS_CLOSED);
    assert_string_equal(keeper.text, "a\n\nb\n");
    assert_null(source->ops->ending(source));
    struct source_accounts accounts;
    source->ops->accounts(source, &accounts);
    assert_int_equal(accounts.produced, 3);
    assert_int_equal(accounts.delivered, 3);
    source->ops->close(source);
}

static void a_command_that_fails_is_reported(void **state)
{
    (void)state;
    struct command command;
    struct source *source = open_command(shell(&command, "echo a; exit 3"));
    assert_int_equal(pump(source, &keeper, SIZE_MAX), ETWAS_CLOSED);
    assert_string_equal(keeper.text, "a\n");
    assert_string_equal(source->ops->ending(source), "the command ended with status 3");
    source->ops->close(source);
}

static void a_command_that_ends_after_its_output_is_waited_for(void **state)
{
    (void)state;
    struct command command;
    struct source *source = open_command(shell(&command, "exec >&-; sleep 0.1; exit 5"));
    assert_int_equal(pump(source, &keeper, SIZE_MAX), ETWAS_CLOSED);
    assert_string_equal(source->ops->ending(source), "the command ended with status 5");
    source->ops->close(source);
}

static void a_command_that_does_not_exist_is_not_found(void **state)
{
    (void)state;
    static char name[] = "there-is-no-such-command-of-ours";
    char *const command[] = {name, NULL};
    struct source *source = NULL;
    struct etwas_error error;
    assert_int_equal(lines_open(command, &source, &error), ETWAS_NOT_FOUND);
    assert_null(source);
}

static void finishing_takes_what_was_printed_and_ends_the_command(void **state)
{
    (void)state;
    struct command command;
    struct source *source = open_command(shell(&command, "echo a; exec sleep 1000"));
    assert_int_equal(pump(source, &keeper, 1), ETWAS_OK);
    source->ops->finish(source);
    source->ops->finish(source);
    assert_int_equal(pump(source, &keeper, SIZE_MAX), ETWAS_CLOSED);
    assert_string_equal(keeper.text, "a\n");
    source->ops->close(source);
}

static void every_interval_each_cpu_is_reported(void **state)
{
    (void)state;
    struct source *source = NULL;
    struct etwas_error error;
    const size_t cpus = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    assert_int_equal(cpu_open(20, &source, &error), ETWAS_OK);
    assert_int_equal(pump(source, &keeper, 2 * (cpus + 1)), ETWAS_OK);
    assert_memory_equal(keeper.text, "-1 ", 3);
    source->ops->finish(source);
    assert_int_equal(pump(source, &keeper, SIZE_MAX), ETWAS_CLOSED);
    source->ops->close(source);
}

static void a_process_is_found_by_its_id(void **state)
{
    (void)state;
    struct source *source = NULL;
    struct etwas_error error;
    const struct process_cpu_wanted wanted = {
        .interval_ms = 20, .process_id = (uint32_t)getpid(), .name = ""};
    assert_int_equal(process_cpu_open(&wanted, &source, &error), ETWAS_OK);
    assert_int_equal(pump(source, &keeper, 2), ETWAS_OK);
    assert_int_equal(keeper.count, 2);
    assert_int_equal(strtol(keeper.text, NULL, 10), getpid());
    assert_non_null(strstr(keeper.text, "test_monitor_"));
    source->ops->close(source);
}

static void processes_are_found_by_a_pattern(void **state)
{
    (void)state;
    struct source *source = NULL;
    struct etwas_error error;
    const struct process_cpu_wanted wanted = {.interval_ms = 20, .name = "test_monitor_l*"};
    assert_int_equal(process_cpu_open(&wanted, &source, &error), ETWAS_OK);
    assert_int_equal(pump(source, &keeper, 1), ETWAS_OK);
    assert_non_null(strstr(keeper.text, "test_monitor_"));
    source->ops->close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_lines_of_a_command_come_in_order, start),
        cmocka_unit_test_setup(a_command_that_fails_is_reported, start),
        cmocka_unit_test_setup(a_command_that_ends_after_its_output_is_waited_for, start),
        cmocka_unit_test_setup(a_command_that_does_not_exist_is_not_found, start),
        cmocka_unit_test_setup(finishing_takes_what_was_printed_and_ends_the_command, start),
        cmocka_unit_test_setup(every_interval_each_cpu_is_reported, start),
        cmocka_unit_test_setup(a_process_is_found_by_its_id, start),
        cmocka_unit_test_setup(processes_are_found_by_a_pattern, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
