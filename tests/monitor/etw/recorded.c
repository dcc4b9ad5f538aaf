/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tests/check.h"
#include "tests/monitor/etl/maker.h"

/* Writes a small trace to PATH: what can come out differently from one system to the next. */
enum { HEAD = 80, ITEM_HEAD = 8, SCHEMA_TL = 11, PROV_TRAITS = 12, TICKS_A_SECOND = 10000000 };

struct record {
    uint8_t data[1024];
    size_t size;
};

/* With their own zero at the end, which does not count. */
#define ADD(record, bytes) add((record), (bytes), sizeof(bytes) - 1)

static void add(struct record *record, const void *data, size_t size)
{
    assert_true(size <= sizeof record->data - record->size);
    memcpy(record->data + record->size, data, size);
    record->size += size;
}

static void add_double(struct record *record, double number)
{
    add(record, &number, sizeof number);
}

static void add_float(struct record *record, float number)
{
    add(record, &number, sizeof number);
}

/* An extended item, which begins with its own size; filled up to a multiple of eight. */
static void add_item(struct record *record, uint16_t type, bool more, const struct record *item)
{
    static const uint8_t zeros[8];
    uint8_t head[ITEM_HEAD + 2] = {0};
    const size_t size = item->size + 2;
    maker_u16(head + 2, type);
    maker_u16(head + 4, more);
    maker_u16(head + 6, (uint16_t)size);
    maker_u16(head + 8, (uint16_t)size);
    add(record, head, sizeof head);
    add(record, item->data, item->size);
    add(record, zeros, (8 - size % 8) % 8);
}

/* An EVENT_HEADER with the items that name provider, event and fields. */
static void begin(struct record *record, int64_t stamp, const struct record *schema)
{
    struct record name = {.size = 0};
    uint8_t head[HEAD] = {[2] = 19, [3] = 0xc0}; /* EVENT64 */
    maker_u16(head + 4, 1);                      /* extended items follow */
    maker_u32(head + 8, 11);
    maker_u32(head + 12, 22);
    maker_u64(head + 16, (uint64_t)stamp);
    memset(head + 24, 0x5b, 16);
    head[43] = 11; /* channel of TraceLogging */
    head[44] = 3;
    maker_u64(head + 48, UINT64_C(0x8000000000000001));
    record->size = 0;
    add(record, head, sizeof head);
    ADD(&name, "Recorded\0");
    add_item(record, PROV_TRAITS, true, &name);
    add_item(record, SCHEMA_TL, false, schema);
}

static void end(struct maker *maker, struct record *record)
{
    maker_u16(record->data, (uint16_t)record->size);
    maker_record(maker, record->data, record->size);
}

static void put_numbers(struct maker *maker, int64_t stamp)
{
    struct record schema = {.size = 0};
    struct record record;
    ADD(&schema, "\0Numbers\0"
                 "tenth\0\x0c"
                 "least\0\x0c"
                 "greatest\0\x0c"
                 "million\0\x0c"
                 "third\0\x0b"
                 "small\0\x0b"
                 "byte\0\x03"
                 "signed\0\x09"
                 "unsigned\0\x0a"
                 "hex\0\x15"
                 "flag\0\x0d");
    begin(&record, stamp, &schema);
    add_double(&record, 0.1);
    add_double(&record, 5e-324);
    add_double(&record, -1.7976931348623157e308);
    add_double(&record, 1e6);
    add_float(&record, 1.0F / 3);
    add_float(&record, 1e-7F);
    ADD(&record, "\x80"
                 "\0\0\0\0\0\0\0\x80"
                 "\xff\xff\xff\xff\xff\xff\xff\xff"
                 "\xef\xbe\xad\xde\0\0\0\x80"
                 "\x01\0\0\0");
    end(maker, &record);
}

static void put_texts(struct maker *maker, int64_t stamp)
{
    struct record schema = {.size = 0};
    struct record record;
    ADD(&schema, "\0Gr\xc3\xb6\xc3\x9f"
                 "e\0"
                 "wide\0\x01"
                 "ansi\0\x02"
                 "utf8\0\x97\x23"
                 "lines\0\x02"
                 "id\0\x0f"
                 "time\0\x11"
                 "user\0\x13"
                 "address\0\x88\x08"
                 "port\0\x86\x07"
                 "bytes\0\x0e");
    begin(&record, stamp, &schema);
    ADD(&record, "h\0\xe4\0\x3d\xd8\x00\xde\x00\xd8,\0\"\0\0\0"
                 "caf\xe9\0"
                 "\x06\0\xe2\x82\xac<&>"
                 "one\r\ntwo\ttab\0"
                 "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
                 "\x01\x80\x3e\xd5\xde\xb1\x9d\x01"
                 "\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0"
                 "\x7f\0\0\x01"
                 "\x1f\x90"
                 "\x04\0\x00\x0a\x0d\xff");
    end(maker, &record);
}

int main(int argc, char **argv)
{
    static struct maker maker;
    const struct maker_clock clock = {.type = 1,
                                      .frequency = TICKS_A_SECOND,
                                      .started = INT64_C(133000000000000000),
                                      .origin = 1000};
    if (argc != 2) {
        (void)fprintf(stderr, "usage: recorded PATH\n");
        return 1;
    }
    maker_begin(&maker, &clock);
    put_numbers(&maker, 2000);
    maker_event(&maker, 40000001, 7);
    maker_buffer(&maker, 1);
    maker_event(&maker, 1500, 8);
    put_texts(&maker, 30000003);
    maker_write(&maker, argv[1]);
    return 0;
}
