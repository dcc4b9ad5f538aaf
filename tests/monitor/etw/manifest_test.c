/* SPDX-License-Identifier: MIT */
#include "monitor/etw/manifest.h"

#include <string.h>

#include "monitor/etw/schemas.h"
#include "monitor/event/arena.h"
#include "tests/check.h"
#include "tests/monitor/etw/etw_parts.h"

static const char text[] =
    "<?xml version=\"1.0\"?><instrumentationManifest><instrumentation><events>"
    "<!-- <provider name=\"No\" guid=\"{00000000-0000-0000-0000-000000000000}\"> -->\n"
    "<provider name=\"A &amp; B\" guid=\"{5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a}\">"
    "<maps><valueMap name=\"Kinds\"><map value=\"1\" message=\"$(string.one)\"/>"
    "<map value=\"0x2\" message=\"two\"/></valueMap>"
    "<bitMap name=\"Bits\"><map value=\"0x1\" message=\"Read\"/>"
    "<map value=\"0x4\" message=\"Write\"/></bitMap></maps>"
    "<tasks><task name=\"Work\" value=\"3\" message=\"$(string.work)\">\n>\n"
    "<opcodes><opcode name=\"Go\" value=\"11\"/></opcodes></task></tasks>"
    "<templates>"
    "<template tid=\"t1\"><data name=\"Kind\" inType=\"win:UInt32\" map=\"Kinds\"/>"
    "<data name=\"Bits\" inType=\"win:UInt8\" map=\"Bits\"/>"
    "<data name=\"Size\" inType=\"win:UInt16\"/>"
    "<data name=\"Blob\" inType=\"win:Binary\" length=\"Size\"/>"
    "<data name=\"Name\" inType=\"win:UnicodeString\"/></template>"
    "<template tid=\"t2\"><data name=\"N\" inType=\"win:UInt8\"/>"
    "<struct name=\"Items\" count=\"N\"><data name=\"X\" inType=\"win:UInt8\"/>"
    "<data name=\"Y\" inType=\"win:HexInt32\"/></struct>"
    "<data name=\"Two\" inType=\"win:UInt8\" count=\"2\"/></template>"
    "<template tid=\"t4\"><data name=\"N\" inType=\"win:UnicodeString\"/>"
    "<struct name=\"Items\" count=\"2\">"
    "<data name=\"Kind\" inType=\"win:UInt8\" map=\"Kinds\"/></struct>"
    "<data name=\"Many\" inType=\"win:UInt8\" count=\"3\" map=\"Bits\"/>"
    "<data name=\"End\" inType=\"win:Int8\" map=\"Kinds\"/></template>"
    "<template tid=\"t3\"><data name=\"A\" inType=\"win:UInt8\"/>"
    "<data name=\"B\" inType=\"win:Nobody\"/><data name=\"C\" inType=\"win:UInt8\"/></template>"
    "</templates><events>"
    "<event value=\"1\" version=\"0\" template=\"t1\" task=\"Work\" opcode=\"Go\" symbol=\"ONE\"/>"
    "<event value=\"2\" version=\"2\" template=\"t2\" task=\"Work\"/>"
    "<event value=\"2\" version=\"1\" template=\"t3\"/>"
    "<event value=\"0x3\" template=\"t3\"/>"
    "<event value=\"4\" template=\"t1\" message=\"$(string.done)\"/>"
    "<event value=\"6\" template=\"t4\"/>"
    "<event value=\"5\" message=\"$(string.gone)\"/>"
    "</events></provider></events></instrumentation><localization>"
    "<resources culture=\"en-US\"><stringTable><string id=\"one\" value=\"One &lt;1&gt;\"/>"
    "<string id=\"work\" value=\"Working\"/>"
    "<string id=\"done\" value=\"%5: %1 &amp; %2,%n%3!04d! bytes%n\"/></stringTable></resources>"
    "<resources culture=\"de-DE\"><stringTable><string id=\"one\" value=\"Eins\"/></stringTable>"
    "</resources></localization></instrumentationManifest>";

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

static bool keep_values;

static const struct etw_layout *layout_of(uint16_t id, uint8_t version, bool raw)
{
    const struct manifest_wanted wanted = {.id = id,
                                           .version = version,
                                           .pointer_size = 8,
                                           .raw_values = raw,
                                           .keep_values = keep_values,
                                           .source = ETW_MANIFEST};
    return manifest_layout(manifest, 0, &wanted, arena);
}

#define DATA(id, version, raw, payload)                                                            \
    test_data(layout_of((id), (version), (raw)),                                                   \
              test_event((id), (version), (payload), sizeof(payload) - 1))

static void providers_are_found_and_comments_are_not(void **state)
{
    (void)state;
    uint8_t id[MANIFEST_ID_SIZE];
    uint8_t wanted[MANIFEST_ID_SIZE];
    const char *name = NULL;
    memset(wanted, TEST_ID, sizeof wanted);
    assert_true(manifest_provider(manifest, 0, id, &name));
    assert_memory_equal(id, wanted, sizeof id);
    assert_string_equal(name, "A & B");
    assert_false(manifest_provider(manifest, 1, id, &name));
}

static void names_come_from_the_first_culture(void **state)
{
    (void)state;
    const struct etw_layout *layout = layout_of(1, 0, false);
    assert_non_null(layout);
    assert_string_equal(layout->schema.event_name, "ONE");
    assert_string_equal(layout->schema.task_name, "Working");
    assert_string_equal(layout->schema.opcode_name, "Go");
    assert_string_equal(layout->schema.provider, "A & B");
}

static void maps_give_names_and_lengths_come_from_fields(void **state)
{
    (void)state;
    assert_string_equal(DATA(1, 0, false,
                             "\x01\0\0\0"
                             "\x05"
                             "\x02\0"
                             "\xca\xfe"
                             "h\0i\0"),
                        "{\"Kind\":\"One <1>\",\"Bits\":\"Read|Write\",\"Size\":2,"
                        "\"Blob\":\"0xcafe\",\"Name\":\"hi\"}");
    assert_string_equal(DATA(1, 0, true,
                             "\x02\0\0\0"
                             "\x08"
                             "\0\0"
                             "\0\0"),
                        "{\"Kind\":2,\"Bits\":8,\"Size\":0,\"Blob\":\"0x\",\"Name\":\"\"}");
    assert_string_equal(
        DATA(1, 0, false,
             "\x09\0\0\0"
             "\x09"
             "\0\0"
             "\0\0"),
        "{\"Kind\":9,\"Bits\":\"Read|0x8\",\"Size\":0,\"Blob\":\"0x\",\"Name\":\"\"}");
}

static void numbers_are_kept_when_asked_for(void **state)
{
    (void)state;
    static const char payload[] = "x\0\0\0"
                                  "\x01\x09"
                                  "\x01\x04\x08"
                                  "\xff";
    keep_values = true;
    assert_string_equal(DATA(6, 0, false, payload),
                        "{\"N\":\"x\",\"Items\":[{\"Kind\":\"One <1>\",\"Kind_value\":1},"
                        "{\"Kind\":9,\"Kind_value\":9}],\"Many\":[\"Read\",\"Write\",\"0x8\"],"
                        "\"Many_value\":[1,4,8],\"End\":255,\"End_value\":-1}");
    assert_string_equal(DATA(4, 0, false,
                             "\x01\0\0\0"
                             "\x05"
                             "\0\0"
                             "\0\0"),
                        "{\"Kind\":\"One <1>\",\"Kind_value\":1,\"Bits\":\"Read|Write\","
                        "\"Bits_value\":5,\"Size\":0,\"Blob\":\"0x\",\"Name\":\"\"},"
                        "\"Message\":\": One <1> & Read|Write,\\n0000 bytes\"");
    assert_string_equal(DATA(1, 0, false, "\x01\0\0"),
                        "{\"Kind\":null,\"Kind_value\":null,"
                        "\"Bits\":null,\"Bits_value\":null,\"Size\":null,\"Blob\":null,"
                        "\"Name\":null,\"Raw\":\"0x010000\"}");
    assert_string_equal(DATA(6, 0, true, payload),
                        "{\"N\":\"x\",\"Items\":[{\"Kind\":1},{\"Kind\":9}],"
                        "\"Many\":[1,4,8],\"End\":-1}");
    keep_values = false;
}

static void structures_repeat_as_often_as_a_field_says(void **state)
{
    (void)state;
    assert_string_equal(DATA(2, 2, false,
                             "\x02"
                             "\x01\x02\0\0\0"
                             "\x03\x04\0\0\0"
                             "\x07\x08"),
                        "{\"N\":2,\"Items\":[{\"X\":1,\"Y\":\"0x2\"},{\"X\":3,\"Y\":\"0x4\"}],"
                        "\"Two\":[7,8]}");
}

static void messages_get_their_fields(void **state)
{
    (void)state;
    assert_string_equal(DATA(4, 0, false,
                             "\x01\0\0\0"
                             "\x05"
                             "\x02\0"
                             "\xca\xfe"
                             "h\0i\0"),
                        "{\"Kind\":\"One <1>\",\"Bits\":\"Read|Write\",\"Size\":2,"
                        "\"Blob\":\"0xcafe\",\"Name\":\"hi\"},"
                        "\"Message\":\"hi: One <1> & Read|Write,\\n0002 bytes\"");
    assert_string_equal(DATA(5, 0, false, ""), "{},\"Message\":\"$(string.gone)\"");
}

static void another_version_takes_the_nearest_below(void **state)
{
    (void)state;
    assert_string_equal(DATA(2, 9, false,
                             "\0"
                             "\x07\x08\xee"),
                        "{\"N\":0,\"Items\":[],\"Two\":[7,8],\"Raw\":\"0xee\"}");
    assert_string_equal(DATA(2, 0, false, "\x01"), "{\"A\":1}");
    assert_null(layout_of(77, 0, false));
}

static void behind_a_type_nobody_knows_all_is_raw(void **state)
{
    (void)state;
    assert_string_equal(DATA(3, 0, false, "\x01\x02\x03"), "{\"A\":1,\"Raw\":\"0x0203\"}");
}

static void utf16_is_understood(void **state)
{
    (void)state;
    static uint8_t wide[2 * sizeof text];
    uint8_t id[MANIFEST_ID_SIZE];
    const char *name = NULL;
    wide[0] = 0xff;
    wide[1] = 0xfe;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        wide[2 + 2 * i] = (uint8_t)text[i];
    }
    struct manifest *other = manifest_open(wide, 2 * sizeof text);
    assert_non_null(other);
    assert_true(manifest_provider(other, 0, id, &name));
    assert_string_equal(name, "A & B");
    manifest_close(other);
}

static void faults_are_counted_with_their_line(void **state)
{
    (void)state;
    static const char broken[] = "<a>\n<b <c>\n< d>\n</a>";
    size_t line = 0;
    struct manifest *other = manifest_open(broken, sizeof broken - 1);
    assert_non_null(other);
    assert_int_equal(manifest_faults(other, &line), 2);
    assert_int_equal(line, 2);
    manifest_close(other);
    assert_int_equal(manifest_faults(manifest, &line), 0);
}

static void no_cut_harms(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        struct manifest *cut = manifest_open(text, size);
        const struct manifest_wanted wanted = {.id = 2, .version = 2, .pointer_size = 4};
        uint8_t id[MANIFEST_ID_SIZE];
        const char *name = NULL;
        struct arena *own = arena_open((size_t)1 << 20);
        assert_non_null(cut);
        assert_non_null(own);
        if (manifest_provider(cut, 0, id, &name)) {
            const struct etw_layout *layout = manifest_layout(cut, 0, &wanted, own);
            if (layout != NULL) {
                (void)test_data(layout, test_event(2, 2, "\x01\x02\x03\x04\x05\x06", 6));
            }
        }
        arena_close(own);
        manifest_close(cut);
    }
}

static void a_stream_s_manifest_is_an_event_with_its_provider_s_name(void **state)
{
    (void)state;
    static char chunk[8 + sizeof text - 1] = {1, 0, 0, 0x5b, 1, 0, 0, 0};
    const struct schemas_options options = {.manifests = NULL};
    struct schemas *schemas = NULL;
    struct etwas_error error;
    memcpy(chunk + 8, text, sizeof text - 1);
    const struct etl_record *record = test_event(0xfffe, 1, chunk, sizeof chunk);
    assert_int_equal(schemas_open(&options, &schemas, &error), ETWAS_OK);
    assert_null(schemas_find(schemas, record)); /* nothing is learnt yet */
    assert_true(schemas_learn(schemas, record));
    const struct etw_layout *layout = schemas_find(schemas, record);
    assert_non_null(layout);
    assert_string_equal(layout->schema.provider, "A & B");
    assert_string_equal(layout->schema.event_name, "ManifestData");
    assert_non_null(strstr(test_data(layout, record),
                           "\"TotalChunks\":1,\"ChunkNumber\":0,\"Manifest\":\"<?xml"));
    schemas_close(schemas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(providers_are_found_and_comments_are_not),
        cmocka_unit_test(names_come_from_the_first_culture),
        cmocka_unit_test(maps_give_names_and_lengths_come_from_fields),
        cmocka_unit_test(numbers_are_kept_when_asked_for),
        cmocka_unit_test(structures_repeat_as_often_as_a_field_says),
        cmocka_unit_test(messages_get_their_fields),
        cmocka_unit_test(another_version_takes_the_nearest_below),
        cmocka_unit_test(behind_a_type_nobody_knows_all_is_raw),
        cmocka_unit_test(utf16_is_understood),
        cmocka_unit_test(faults_are_counted_with_their_line),
        cmocka_unit_test(no_cut_harms),
        cmocka_unit_test(a_stream_s_manifest_is_an_event_with_its_provider_s_name),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
