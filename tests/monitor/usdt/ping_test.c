/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "monitor/usdt/argument.h"
#include "monitor/usdt/note.h"
#include "tests/check.h"

/* The program as it was built beside this test. */
enum { MAX_FILE = 64 << 20 };

static uint8_t *data;
static size_t size;

static int load(void **state)
{
    (void)state;
    FILE *file = fopen(PING, "rb");
    data = malloc(MAX_FILE);
    if (file == NULL || data == NULL) {
        return -1;
    }
    size = fread(data, 1, MAX_FILE, file);
    (void)fclose(file);
    return size > 0 && size < MAX_FILE ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    free(data);
    return 0;
}

static void ping_has_one_probe_on_a_nop(void **state)
{
    (void)state;
    struct note_reader reader;
    struct usdt_probe probe;
    struct usdt_probe none;
    assert_int_equal(note_reader_init(&reader, data, size), ETWAS_OK);
    assert_int_equal(note_next(&reader, &probe), ETWAS_OK);
    assert_int_equal(note_next(&reader, &none), ETWAS_CLOSED);
    assert_int_equal(reader.skipped, 0);
    assert_string_equal(probe.provider, "Ping");
    assert_string_equal(probe.name, "Ping");
    assert_true(probe.offset > 0 && probe.offset < size);
    assert_int_equal(data[probe.offset], reader.image.machine == ELF_MACHINE_X86_64 ? 0x90 : 0x1f);
    assert_true(probe.semaphore > 0 && probe.semaphore + 1 < size);
    assert_int_equal(data[probe.semaphore], 0);
    assert_int_equal(data[probe.semaphore + 1], 0);
}

static void its_arguments_are_number_thread_and_text(void **state)
{
    (void)state;
    static const struct usdt_argument expected[] = {
        {.operand = USDT_REGISTER, .size = 8, .reg = USDT_DI},
        {.operand = USDT_REGISTER, .size = 4, .reg = USDT_SI},
        {.operand = USDT_REGISTER, .size = 8, .reg = USDT_DX},
    };
    struct note_reader reader;
    struct usdt_probe probe;
    assert_int_equal(note_reader_init(&reader, data, size), ETWAS_OK);
    assert_int_equal(note_next(&reader, &probe), ETWAS_OK);
    assert_int_equal(probe.argument_count, 3);
    if (reader.image.machine != ELF_MACHINE_X86_64) {
        skip();
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(probe.arguments[i].operand, expected[i].operand);
        assert_int_equal(probe.arguments[i].size, expected[i].size);
        assert_int_equal(probe.arguments[i].reg, expected[i].reg);
        assert_false(probe.arguments[i].is_signed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ping_has_one_probe_on_a_nop),
        cmocka_unit_test(its_arguments_are_number_thread_and_text),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
