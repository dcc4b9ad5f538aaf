/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/manifest.h"
#include "monitor/event/encode.h"
#include "tests/check.h"
#include "tests/monitor/etw/etw_parts.h"

/*
 * Every in-type of a manifest with every out-type that may go with it: winmeta.xml, the Event
 * Manifest schema's "InputType", and what tdh.h says of TDH_INTYPE_* and TDH_OUTTYPE_*. The first
 * row of an in-type is the one without an out-type.
 */
#define BYTES(text) (text), sizeof(text) - 1

/* clang-format off */
static const struct {
    const char *in;
    const char *out; /* NULL: none is named */
    const char *bytes;
    size_t size;
    const char *json;
} types[] = {
    {"win:UnicodeString", NULL, BYTES("h\0\xe9\0\0\0"), "\"h\xc3\xa9\""},
    {"win:UnicodeString", "xs:string", BYTES("\x3d\xd8\0\xde\0\0"), "\"\xf0\x9f\x98\x80\""},
    {"win:UnicodeString", "win:Xml", BYTES("<\0/\0>\0\0\0"), "\"</>\""},
    {"win:UnicodeString", "win:Json", BYTES("{\0}\0\0\0"), "\"{}\""},
    {"win:AnsiString", NULL, BYTES("hi\0"), "\"hi\""},
    {"win:AnsiString", "xs:string", BYTES("hi\0"), "\"hi\""},
    {"win:AnsiString", "win:Xml", BYTES("</>\0"), "\"</>\""},
    {"win:AnsiString", "win:Json", BYTES("{}\0"), "\"{}\""},
    {"win:AnsiString", "win:Utf8", BYTES("\xc3\xa9\0"), "\"\xc3\xa9\""},
    {"win:CountedUnicodeString", NULL, BYTES("\x04\0h\0i\0"), "\"hi\""},
    {"win:CountedUnicodeString", "xs:string", BYTES("\0\0"), "\"\""},
    {"win:CountedUnicodeString", "win:Xml", BYTES("\x02\0x\0"), "\"x\""},
    {"win:CountedUnicodeString", "win:Json", BYTES("\x02\0x\0"), "\"x\""},
    {"win:CountedAnsiString", NULL, BYTES("\x02\0hi"), "\"hi\""},
    {"win:CountedAnsiString", "xs:string", BYTES("\x02\0hi"), "\"hi\""},
    {"win:CountedAnsiString", "win:Xml", BYTES("\x02\0hi"), "\"hi\""},
    {"win:CountedAnsiString", "win:Json", BYTES("\x02\0hi"), "\"hi\""},
    {"win:CountedAnsiString", "win:Utf8", BYTES("\x02\0\xc3\xa9"), "\"\xc3\xa9\""},
    {"win:CountedBinary", NULL, BYTES("\x02\0\xca\xfe"), "\"0xcafe\""},
    {"win:CountedBinary", "xs:hexBinary", BYTES("\0\0"), "\"0x\""},
    {"win:CountedBinary", "win:IPv6",
     BYTES("\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"), "\"::1\""},
    {"win:CountedBinary", "win:SocketAddress",
     BYTES("\x08\0\x02\0\x01\xbb\x7f\0\0\x01"), "\"127.0.0.1:443\""},
    {"win:CountedBinary", "win:Pkcs7WithTypeInfo", BYTES("\x02\0\x30\0"), "\"0x3000\""},
    {"win:Int8", NULL, BYTES("\xfe"), "-2"},
    {"win:Int8", "xs:byte", BYTES("\x80"), "-128"},
    {"win:Int8", "xs:string", BYTES("A"), "65"},
    {"win:UInt8", NULL, BYTES("\xfe"), "254"},
    {"win:UInt8", "xs:unsignedByte", BYTES("\xff"), "255"},
    {"win:UInt8", "win:HexInt8", BYTES("\xff"), "\"0xff\""},
    {"win:UInt8", "xs:boolean", BYTES("\x02"), "true"},
    {"win:UInt8", "xs:string", BYTES("A"), "65"},
    {"win:Int16", NULL, BYTES("\xfe\xff"), "-2"},
    {"win:Int16", "xs:short", BYTES("\0\x80"), "-32768"},
    {"win:UInt16", NULL, BYTES("\xfe\xff"), "65534"},
    {"win:UInt16", "xs:unsignedShort", BYTES("\x01\0"), "1"},
    {"win:UInt16", "win:HexInt16", BYTES("\xfe\xff"), "\"0xfffe\""},
    {"win:UInt16", "win:Port", BYTES("\x01\xbb"), "443"},
    {"win:UInt16", "xs:string", BYTES("A\0"), "65"},
    {"win:Int32", NULL, BYTES("\xfe\xff\xff\xff"), "-2"},
    {"win:Int32", "xs:int", BYTES("\0\0\0\x80"), "-2147483648"},
    {"win:Int32", "win:HResult", BYTES("\x05\0\x07\x80"), "-2147024891"},
    {"win:UInt32", NULL, BYTES("\xfe\xff\xff\xff"), "4294967294"},
    {"win:UInt32", "xs:unsignedInt", BYTES("\x01\0\0\0"), "1"},
    {"win:UInt32", "win:HexInt32", BYTES("\xfe\xff\xff\xff"), "\"0xfffffffe\""},
    {"win:UInt32", "win:PID", BYTES("\x01\0\0\0"), "1"},
    {"win:UInt32", "win:TID", BYTES("\x01\0\0\0"), "1"},
    {"win:UInt32", "win:IPv4", BYTES("\x7f\0\0\x01"), "\"127.0.0.1\""},
    {"win:UInt32", "win:ETWTIME", BYTES("\x01\0\0\0"), "1"},
    {"win:UInt32", "win:ErrorCode", BYTES("\x05\0\0\0"), "5"},
    {"win:UInt32", "win:Win32Error", BYTES("\x05\0\0\0"), "5"},
    {"win:UInt32", "win:NTSTATUS", BYTES("\x05\0\0\xc0"), "3221225477"},
    {"win:UInt32", "win:HResult", BYTES("\x05\0\x07\x80"), "2147942405"},
    {"win:UInt32", "win:CodePointer", BYTES("\x05\0\0\0"), "\"0x5\""},
    {"win:Int64", NULL, BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff"), "-2"},
    {"win:Int64", "xs:long", BYTES("\0\0\0\0\0\0\0\x80"), "-9223372036854775808"},
    {"win:UInt64", NULL, BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551614"},
    {"win:UInt64", "xs:unsignedLong", BYTES("\x01\0\0\0\0\0\0\0"), "1"},
    {"win:UInt64", "win:HexInt64", BYTES("\x01\0\0\0\0\0\0\x80"), "\"0x8000000000000001\""},
    {"win:UInt64", "win:ETWTIME", BYTES("\x01\0\0\0\0\0\0\0"), "1"},
    {"win:UInt64", "win:CodePointer", BYTES("\x05\0\0\0\0\0\0\0"), "\"0x5\""},
    {"win:Float", NULL, BYTES("\0\0\xc0\x3f"), "1.5"},
    {"win:Float", "xs:float", BYTES("\0\0\xc0\xff"), "\"NaN\""},
    {"win:Double", NULL, BYTES("\0\0\0\0\0\0\xf8\x3f"), "1.5"},
    {"win:Double", "xs:double", BYTES("\0\0\0\0\0\0\xf0\xff"), "\"-Infinity\""},
    {"win:Boolean", NULL, BYTES("\0\0\0\x01"), "true"},
    {"win:Boolean", "xs:boolean", BYTES("\0\0\0\0"), "false"},
    {"win:Binary", NULL, BYTES("\xca\xfe"), "\"0xcafe\""},
    {"win:Binary", "xs:hexBinary", BYTES("\xca\xfe"), "\"0xcafe\""},
    {"win:Binary", "win:IPv6", BYTES("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"), "\"fe80::1\""},
    {"win:Binary", "win:SocketAddress",
     BYTES("\x17\0\x01\xbb\0\0\0\0\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0"),
     "\"[fe80::1]:443\""},
    {"win:Binary", "win:Pkcs7WithTypeInfo", BYTES("\x30\0"), "\"0x3000\""},
    {"win:GUID", NULL,
     BYTES("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"),
     "\"04030201-0605-0807-090a-0b0c0d0e0f10\""},
    {"win:GUID", "xs:GUID",
     BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "\"00000000-0000-0000-0000-000000000000\""},
    {"win:Pointer", NULL, BYTES("\0\0\0\0\x01\0\0\0"), "\"0x100000000\""},
    {"win:Pointer", "win:HexInt64", BYTES("\x01\0\0\0\0\0\0\0"), "\"0x1\""},
    {"win:Pointer", "win:CodePointer", BYTES("\x01\0\0\0\0\0\0\0"), "\"0x1\""},
    {"win:SizeT", NULL, BYTES("\x01\0\0\0\0\0\0\0"), "1"},
    {"win:SizeT", "win:HexInt64", BYTES("\x01\0\0\0\0\0\0\0"), "\"0x1\""},
    {"win:FILETIME", NULL,
     BYTES("\0\x80\x3e\xd5\xde\xb1\x9d\x01"), "\"1970-01-01T00:00:00.0000000Z\""},
    {"win:FILETIME", "xs:dateTime",
     BYTES("\x01\0\0\0\0\0\0\0"), "\"1601-01-01T00:00:00.0000001Z\""},
    {"win:FILETIME", "win:DateTimeCultureInsensitive",
     BYTES("\x01\0\0\0\0\0\0\0"), "\"1601-01-01T00:00:00.0000001Z\""},
    {"win:FILETIME", "win:DateTimeUtc",
     BYTES("\x01\0\0\0\0\0\0\0"), "\"1601-01-01T00:00:00.0000001Z\""},
    {"win:SYSTEMTIME", NULL,
     BYTES("\xd0\x07\x02\0\x02\0\x1d\0\x17\0\x3b\0\x3a\0\x7b\0"),
     "\"2000-02-29T23:59:58.1230000Z\""},
    {"win:SYSTEMTIME", "xs:dateTime",
     BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "\"0x00000000000000000000000000000000\""},
    {"win:SYSTEMTIME", "win:DateTimeCultureInsensitive",
     BYTES("\xd0\x07\x01\0\x02\0\x01\0\0\0\0\0\0\0\0\0"), "\"2000-01-01T00:00:00.0000000Z\""},
    {"win:SYSTEMTIME", "win:DateTimeUtc",
     BYTES("\xd0\x07\x01\0\x02\0\x01\0\0\0\0\0\0\0\0\0"), "\"2000-01-01T00:00:00.0000000Z\""},
    {"win:SID", NULL, BYTES("\x01\x01\0\0\0\0\0\x05\x12\0\0\0"), "\"S-1-5-18\""},
    {"win:SID", "xs:string", BYTES("\x01\x01\0\0\0\0\0\x05\x12\0\0\0"), "\"S-1-5-18\""},
    {"win:HexInt32", NULL, BYTES("\xff\0\0\0"), "\"0xff\""},
    {"win:HexInt32", "win:HexInt32", BYTES("\xff\0\0\0"), "\"0xff\""},
    {"win:HexInt32", "win:ErrorCode", BYTES("\x05\0\0\0"), "\"0x5\""},
    {"win:HexInt32", "win:Win32Error", BYTES("\x05\0\0\0"), "\"0x5\""},
    {"win:HexInt32", "win:NTSTATUS", BYTES("\x05\0\0\xc0"), "\"0xc0000005\""},
    {"win:HexInt32", "win:HResult", BYTES("\x05\0\x07\x80"), "\"0x80070005\""},
    {"win:HexInt64", NULL, BYTES("\xff\0\0\0\0\0\0\0"), "\"0xff\""},
    {"win:HexInt64", "win:HexInt64", BYTES("\xff\0\0\0\0\0\0\0"), "\"0xff\""},
};
/* clang-format on */

static const struct etw_layout *layout_of(const char *in, const char *out, const char *more,
                                          struct arena *arena)
{
    static const struct manifest_wanted wanted = {
        .id = 1, .pointer_size = 8, .source = ETW_MANIFEST};
    char text[1024];
    char named[64] = "";
    if (out != NULL) {
        (void)snprintf(named, sizeof named, "outType=\"%s\"", out);
    }
    const int size =
        snprintf(text, sizeof text,
                 "<provider name=\"P\" guid=\"{5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a}\"><templates>"
                 "<template tid=\"t\"><data name=\"V\" inType=\"%s\" %s %s/></template></templates>"
                 "<events><event value=\"1\" template=\"t\"/></events></provider>",
                 in, named, more);
    assert_true(size > 0 && (size_t)size < sizeof text);
    struct manifest *manifest = manifest_open(text, (size_t)size);
    assert_non_null(manifest);
    const struct etw_layout *layout = manifest_layout(manifest, 0, &wanted, arena);
    assert_non_null(layout);
    manifest_close(manifest);
    return layout;
}

static struct arena *open_arena(void)
{
    struct arena *arena = arena_open((size_t)1 << 20);
    assert_non_null(arena);
    return arena;
}

static void every_pair_of_types_has_its_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char wanted[256];
        struct arena *arena = open_arena();
        (void)snprintf(wanted, sizeof wanted, "{\"V\":%s}", types[i].json);
        const char *found = test_data(layout_of(types[i].in, types[i].out, "", arena),
                                      test_event(1, 0, types[i].bytes, types[i].size));
        if (strcmp(found, wanted) != 0) {
            print_error("%s as %s\n", types[i].in, types[i].out != NULL ? types[i].out : "itself");
        }
        assert_string_equal(found, wanted);
        arena_close(arena);
    }
}

static void every_type_makes_an_array(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char wanted[256];
        char twice[128];
        struct arena *arena = open_arena();
        if (strcmp(types[i].in, "win:Binary") == 0) {
            arena_close(arena);
            continue; /* without a length the first has all bytes */
        }
        memcpy(twice, types[i].bytes, types[i].size);
        memcpy(twice + types[i].size, types[i].bytes, types[i].size);
        (void)snprintf(wanted, sizeof wanted, "{\"V\":[%s,%s]}", types[i].json, types[i].json);
        assert_string_equal(test_data(layout_of(types[i].in, types[i].out, "count=\"2\"", arena),
                                      test_event(1, 0, twice, 2 * types[i].size)),
                            wanted);
        arena_close(arena);
    }
}

static void every_cut_of_every_type_keeps_the_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct arena *arena = open_arena();
        const struct etw_layout *layout = layout_of(types[i].in, types[i].out, "", arena);
        for (size_t size = 0; size < types[i].size; size++) {
            const char *found = test_data(layout, test_event(1, 0, types[i].bytes, size));
            /* What has no length of its own ends where the payload does. */
            const bool whole = strstr(found, "\"V\":null") == NULL;
            assert_true(whole || size == 0 || strstr(found, "\"Raw\":\"0x") != NULL);
        }
        arena_close(arena);
    }
}

static void codes_have_names_for_people(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *in, *out, *bytes, *text;
    } codes[] = {
        {"win:UInt32", "win:NTSTATUS", "\x05\0\0\xc0", "3221225477 (STATUS_ACCESS_VIOLATION)"},
        {"win:HexInt32", "win:NTSTATUS", "\x05\0\0\xc0", "0xc0000005 (STATUS_ACCESS_VIOLATION)"},
        {"win:UInt32", "win:Win32Error", "\x05\0\0\0", "5 (ERROR_ACCESS_DENIED)"},
        {"win:HexInt32", "win:Win32Error", "\x05\0\0\0", "0x5 (ERROR_ACCESS_DENIED)"},
        {"win:Int32", "win:HResult", "\x05\0\x07\x80", "-2147024891 (E_ACCESSDENIED)"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct arena *arena = open_arena();
        struct encoder encoder;
        struct output output;
        struct event event;
        char wanted[128];
        encoder_init(&encoder);
        output_init(&output, 4096);
        etw_event(&event, test_event(1, 0, codes[i].bytes, 4),
                  layout_of(codes[i].in, codes[i].out, "", arena));
        assert_int_equal(encode_event(&encoder, &event, EVENT_TEXT, arena, &output), ETWAS_OK);
        (void)snprintf(wanted, sizeof wanted, "\nV = %s\n", codes[i].text);
        output.data[output.size - 1] = '\0';
        if (strstr(output.data, wanted) == NULL) {
            print_error("%s is not in\n%s\n", wanted, output.data);
            fail();
        }
        output_clear(&output);
        arena_close(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_types_has_its_value),
        cmocka_unit_test(every_type_makes_an_array),
        cmocka_unit_test(every_cut_of_every_type_keeps_the_bytes),
        cmocka_unit_test(codes_have_names_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
