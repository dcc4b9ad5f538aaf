/* SPDX-License-Identifier: MIT */
#include "monitor/etw/builtin.h"

#include <string.h>

#include "monitor/etw/manifest.h"
#include "tests/check.h"
#include "tests/monitor/etw/etw_parts.h"

/* As Windows' own manifest of the provider is exported: addresses without a size. */
static const char text[] =
    "<provider name=\"Network\" guid=\"{7dd42a49-5329-4832-8dfd-43d979153a88}\"><templates>"
    "<template tid=\"six\"><data name=\"PID\" inType=\"win:UInt32\"/>"
    "<data name=\"size\" inType=\"win:UInt32\"/><data name=\"daddr\" inType=\"win:Binary\"/>"
    "<data name=\"saddr\" inType=\"win:Binary\"/><data name=\"dport\" inType=\"win:UInt16\"/>"
    "<data name=\"sport\" inType=\"win:UInt16\"/><data name=\"seqnum\" inType=\"win:UInt32\"/>"
    "<data name=\"connid\" inType=\"win:UInt32\"/></template>"
    "<template tid=\"short\"><data name=\"only\" inType=\"win:UInt32\"/></template></templates>"
    "<events><event value=\"59\" template=\"six\" symbol=\"RECEIVED\" message=\"%1: %3\"/>"
    "<event value=\"17\" template=\"short\" symbol=\"FAILED\"/>"
    "<event value=\"60\" template=\"short\" symbol=\"NEW\"/></events></provider>";

static const uint8_t id[SCHEMAS_ID_SIZE] = {0x49, 0x2a, 0xd4, 0x7d, 0x29, 0x53, 0x32, 0x48,
                                            0x8d, 0xfd, 0x43, 0xd9, 0x79, 0x15, 0x3a, 0x88};

static const char received[] = "\x07\0\0\0"
                               "\x1e\0\0\0"
                               "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\x01\0\x03"
                               "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
                               "\x14\xeb"
                               "\xe6\x1d"
                               "\0\0\0\0"
                               "\0\0\0\0\0\0\0\0";
#define RECEIVED                                                                                   \
    "{\"PID\":7,\"size\":30,\"daddr\":\"ff02::1:3\",\"saddr\":\"fe80::1\",\"dport\":5355,"         \
    "\"sport\":58909,\"seqnum\":0,\"connid\":\"0x0\"}"

static const struct schemas_options options;
static struct manifest *manifest;
static struct arena *arena;

static int open_all(void **state)
{
    (void)state;
    manifest = manifest_open(text, sizeof text - 1);
    arena = arena_open((size_t)1 << 24);
    return manifest == NULL || arena == NULL;
}

static int close_all(void **state)
{
    (void)state;
    manifest_close(manifest);
    arena_close(arena);
    return 0;
}

static struct etl_record *network_event(uint16_t event, const char *payload, size_t size)
{
    struct etl_record *record = test_event(event, 0, payload, size);
    record->provider_id = id;
    return record;
}

static const struct etw_layout *by_manifest(uint16_t event)
{
    const struct manifest_wanted wanted = {
        .id = event, .version = 0, .pointer_size = 8, .source = ETW_MANIFEST};
    return manifest_layout(manifest, 0, &wanted, arena);
}

static void addresses_get_their_size_and_names_stay(void **state)
{
    (void)state;
    const struct etl_record *record = network_event(59, received, sizeof received - 1);
    const struct etw_layout *layout = builtin_layout(record, by_manifest(59), &options, arena);
    assert_non_null(layout);
    assert_string_equal(layout->schema.provider, "Network");
    assert_string_equal(layout->schema.event_name, "RECEIVED");
    assert_string_equal(test_data(layout, record), RECEIVED ",\"Message\":\"7: ff02::1:3\"");
}

static void no_manifest_is_needed(void **state)
{
    (void)state;
    const struct etl_record *record = network_event(59, received, sizeof received - 1);
    const struct etw_layout *layout = builtin_layout(record, NULL, &options, arena);
    assert_non_null(layout);
    assert_string_equal(layout->schema.provider, "Microsoft-Windows-Kernel-Network");
    assert_memory_equal(layout->schema.provider_id, id, sizeof id);
    assert_string_equal(test_data(layout, record), RECEIVED);
}

static void manifests_that_fit_are_believed(void **state)
{
    (void)state;
    const struct etw_layout *layout = by_manifest(17);
    assert_ptr_equal(builtin_layout(network_event(17, "\1\0\2\0", 4), layout, &options, arena),
                     layout);
    /* Neither fits. */
    assert_ptr_equal(builtin_layout(network_event(17, "\1\0\2", 3), layout, &options, arena),
                     layout);
}

static void what_is_not_built_in_is_the_manifests(void **state)
{
    (void)state;
    const struct etw_layout *layout = by_manifest(60);
    assert_ptr_equal(builtin_layout(network_event(60, "", 0), layout, &options, arena), layout);
    assert_null(builtin_layout(network_event(300, "", 0), NULL, &options, arena));
    assert_null(builtin_layout(test_event(59, 0, "", 0), NULL, &options, arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_get_their_size_and_names_stay),
        cmocka_unit_test(no_manifest_is_needed),
        cmocka_unit_test(manifests_that_fit_are_believed),
        cmocka_unit_test(what_is_not_built_in_is_the_manifests),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
