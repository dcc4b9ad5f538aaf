/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/utf16.h"
#include "monitor/etw/decode_parts.h"
#include "monitor/event/arena.h"

enum {
    SID_HEAD = 8, /* revision, count of sub-authorities, authority */
    SID_PART = 4,
    SID_MAX_PARTS = 15,
    GUID_SIZE = 16,
    SYSTEMTIME_SIZE = 16,
    IPV4_SIZE = 4,
    IPV6_SIZE = 16,
    PORT_SIZE = 2,
};

size_t etw_fixed_size(const struct etw_layout *layout, uint16_t in_type)
{
    switch (in_type) {
    case ETW_IN_INT8:
    case ETW_IN_UINT8:
    case ETW_IN_ANSI_CHAR:
        return 1;
    case ETW_IN_INT16:
    case ETW_IN_UINT16:
    case ETW_IN_UNICODE_CHAR:
        return 2;
    case ETW_IN_INT32:
    case ETW_IN_UINT32:
    case ETW_IN_HEX32:
    case ETW_IN_FLOAT:
    case ETW_IN_BOOLEAN:
        return 4;
    case ETW_IN_INT64:
    case ETW_IN_UINT64:
    case ETW_IN_HEX64:
    case ETW_IN_DOUBLE:
    case ETW_IN_FILETIME:
        return 8;
    case ETW_IN_GUID:
    case ETW_IN_SYSTEMTIME:
        return 16;
    case ETW_IN_POINTER:
    case ETW_IN_SIZE:
        return layout->pointer_size;
    default:
        return 0;
    }
}

static size_t ansi_size(const uint8_t *data, size_t left)
{
    const uint8_t *zero = memchr(data, 0, left);
    return zero != NULL ? (size_t)(zero - data) + 1 : left;
}

static size_t sid_size(const uint8_t *data, size_t left)
{
    return left < SID_HEAD || data[1] > SID_MAX_PARTS ? SIZE_MAX
                                                      : SID_HEAD + SID_PART * (size_t)data[1];
}

/* A pointer to the user's SID and attributes come first, unless there is no user. */
static size_t wbem_sid_size(const struct etw_layout *layout, const uint8_t *data, size_t left)
{
    const size_t head = 2 * (size_t)layout->pointer_size;
    if (left < 4) {
        return SIZE_MAX;
    }
    if (load_u32(data) == 0) {
        return 4;
    }
    if (left < head) {
        return SIZE_MAX;
    }
    const size_t size = sid_size(data + head, left - head);
    return size == SIZE_MAX ? SIZE_MAX : head + size;
}

static size_t counted_size(const struct etw_field *field, const uint8_t *data, size_t left)
{
    switch (field->in_type) {
    case ETW_IN_REVERSED_COUNTED_UTF16:
    case ETW_IN_REVERSED_COUNTED_ANSI:
        return left < 2 ? SIZE_MAX : 2 + ((size_t)data[0] << 8 | (size_t)data[1]);
    case ETW_IN_HEX_DUMP:
        return left < 4 ? SIZE_MAX : 4 + (size_t)load_u32(data);
    default:
        return left < 2 ? SIZE_MAX : 2 + (size_t)load_u16(data);
    }
}

static size_t text_size(const struct etw_field *field, const uint8_t *data, size_t left,
                        size_t length)
{
    const bool wide = field->in_type == ETW_IN_UTF16;
    if (length == SIZE_MAX) {
        return wide ? utf16_size(data, left) : ansi_size(data, left);
    }
    return wide && length > SIZE_MAX / 2 ? SIZE_MAX : length * (wide ? 2U : 1U);
}

size_t etw_item_size(const struct etw_layout *layout, const struct etw_field *field,
                     const uint8_t *data, size_t left, size_t length)
{
    size_t size = etw_fixed_size(layout, field->in_type);
    if (size == 0) {
        switch (field->in_type) {
        case ETW_IN_UTF16:
        case ETW_IN_ANSI:
            size = text_size(field, data, left, length);
            break;
        case ETW_IN_BINARY:
            /* Without a length only an address says how long it is. */
            size = length != SIZE_MAX                ? length
                   : field->out_type == ETW_OUT_IPV6 ? (size_t)IPV6_SIZE
                                                     : left;
            break;
        case ETW_IN_SID:
            size = sid_size(data, left);
            break;
        case ETW_IN_WBEM_SID:
            size = wbem_sid_size(layout, data, left);
            break;
        case ETW_IN_UNTERMINATED_UTF16:
        case ETW_IN_UNTERMINATED_ANSI:
            size = left;
            break;
        case ETW_IN_NULL:
            break;
        default:
            size = counted_size(field, data, left);
            break;
        }
    }
    return size <= left ? size : SIZE_MAX;
}

uint64_t etw_item_number(const struct etw_field *field, const uint8_t *data, size_t size)
{
    uint64_t number = 0;
    if (field->in_type == ETW_IN_UTF16 || field->in_type == ETW_IN_ANSI) {
        return 0;
    }
    switch (size) {
    case 8:
        return load_u64(data);
    case 4:
        return load_u32(data);
    case 2:
        return load_u16(data);
    default:
        break;
    }
    for (size_t i = 0; i < size && i < sizeof number; i++) {
        number |= (uint64_t)data[i] << (8 * i);
    }
    return number;
}

static int64_t signed_number(uint64_t number, size_t size)
{
    if (size == 0 || size > sizeof number) {
        return 0;
    }
    const unsigned unused = 64 - 8 * (unsigned)size;
    const uint64_t shifted = number << unused;
    /* Right shifts of negative numbers keep the sign with all compilers that build this. */
    return (int64_t)shifted >> unused;
}

static struct value uint_value(uint64_t number)
{
    return (struct value){.type = VALUE_UINT, .as.u = number};
}

static struct value hex_value(uint64_t number)
{
    return (struct value){.type = VALUE_HEX, .as.u = number};
}

static struct value time_value(int64_t time)
{
    return (struct value){.type = VALUE_TIME, .as.i = time};
}

static struct value bytes_value(const uint8_t *data, size_t size)
{
    return (struct value){
        .type = VALUE_BYTES, .as.bytes = {.data = data, .size = size}
    };
}

static struct value text_value(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size != 0 ? memchr(data, 0, size) : NULL;
    return (struct value){
        .type = VALUE_TEXT,
        .as.text = {.data = (const char *)data,
                    .size = zero != NULL ? (size_t)(zero - data) : size}
    };
}

/* As minwinbase.h bounds them: later years would not fit into a FILETIME. */
static bool is_system_time(const uint8_t *data)
{
    const unsigned year = load_u16(data);
    const unsigned month = load_u16(data + 2);
    const unsigned day = load_u16(data + 6);
    return year >= 1601 && year <= 30827 && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
           load_u16(data + 8) < 24 && load_u16(data + 10) < 60 && load_u16(data + 12) < 60 &&
           load_u16(data + 14) < 1000;
}

/* SYSTEMTIME (minwinbase.h): year, month, day of week, day, hour, minute, second, milliseconds. */
static struct value system_time(const uint8_t *data)
{
    static const uint16_t days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const int64_t year = load_u16(data);
    const unsigned month = load_u16(data + 2);
    const int64_t day = load_u16(data + 6);
    if (!is_system_time(data)) {
        return bytes_value(data, SYSTEMTIME_SIZE);
    }
    const int64_t past = year - 1;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    /* 584388 days lie between the year 1 and 1601. */
    const int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - 584388 +
                         days_before[month - 1] + (leap && month > 2 ? 1 : 0) + day - 1;
    const int64_t ms = ((days * 24 + load_u16(data + 8)) * 60 + load_u16(data + 10)) * 60000 +
                       load_u16(data + 12) * INT64_C(1000) + load_u16(data + 14);
    return time_value(ms * 10000);
}

static enum value_code code_of(uint16_t out_type)
{
    switch (out_type) {
    case ETW_OUT_WIN32_ERROR:
        return CODE_WIN32;
    case ETW_OUT_NTSTATUS:
        return CODE_NTSTATUS;
    case ETW_OUT_HRESULT:
        return CODE_HRESULT;
    default: /* ETW_OUT_ERROR_CODE does not say of which kind */
        return CODE_NONE;
    }
}

static struct value integer(const struct etw_place *place, struct arena *arena)
{
    const struct etw_field *field = place->field;
    const uint64_t number = etw_item_number(field, place->data, place->size);
    const bool raw = place->layout->raw_values;
    if (field->map != NULL && !raw && !place->layout->reading->plain) {
        return etw_mapped(field->map, number, arena);
    }
    switch (field->out_type) {
    case ETW_OUT_BOOLEAN:
        return (struct value){.type = VALUE_BOOL, .as.truth = number != 0};
    case ETW_OUT_HEX8:
    case ETW_OUT_HEX16:
    case ETW_OUT_HEX32:
    case ETW_OUT_HEX64:
    case ETW_OUT_CODE_POINTER:
        return hex_value(number);
    case ETW_OUT_PORT:
        return place->size == PORT_SIZE ? uint_value((uint64_t)place->data[0] << 8 | place->data[1])
                                        : uint_value(number);
    case ETW_OUT_IPV4:
        return place->size == IPV4_SIZE ? etw_ipv4(place->data, arena) : uint_value(number);
    default:
        break;
    }
    const bool is_signed = field->in_type == ETW_IN_INT8 || field->in_type == ETW_IN_INT16 ||
                           field->in_type == ETW_IN_INT32 || field->in_type == ETW_IN_INT64;
    const bool is_hex = field->in_type == ETW_IN_POINTER || field->in_type == ETW_IN_HEX32 ||
                        field->in_type == ETW_IN_HEX64;
    struct value value = is_hex ? hex_value(number) : uint_value(number);
    if (is_signed) {
        value = (struct value){.type = VALUE_INT, .as.i = signed_number(number, place->size)};
    }
    value.code = raw ? CODE_NONE : code_of(field->out_type);
    return value;
}

static struct value binary(const struct etw_place *place, const uint8_t *data, size_t size,
                           struct arena *arena)
{
    if (place->field->out_type == ETW_OUT_IPV6 && size == IPV6_SIZE) {
        return etw_ipv6(data, arena);
    }
    if (place->field->out_type == ETW_OUT_SOCKET_ADDRESS && !place->layout->raw_values) {
        return etw_socket_address(data, size, arena);
    }
    return bytes_value(data, size);
}

static struct value floating(const struct etw_place *place)
{
    struct value value = {.type = VALUE_FLOAT};
    if (place->size == sizeof(float)) {
        const uint32_t bits = load_u32(place->data);
        float number = 0;
        memcpy(&number, &bits, sizeof number);
        value.as.number = (double)number;
    } else {
        const uint64_t bits = load_u64(place->data);
        memcpy(&value.as.number, &bits, sizeof bits);
    }
    return value;
}

static struct value wbem_sid(const struct etw_place *place, struct arena *arena)
{
    const size_t head = 2 * (size_t)place->layout->pointer_size;
    if (place->size < head) {
        return (struct value){.type = VALUE_NULL};
    }
    return etw_sid(place->data + head, place->size - head, arena);
}

struct value etw_item_value(const struct etw_place *place, struct arena *arena)
{
    const uint8_t *data = place->data;
    const size_t size = place->size;
    switch (place->field->in_type) {
    case ETW_IN_UTF16:
    case ETW_IN_UNTERMINATED_UTF16:
    case ETW_IN_UNICODE_CHAR:
        return etw_utf16(data, size, arena);
    case ETW_IN_ANSI:
    case ETW_IN_UNTERMINATED_ANSI:
    case ETW_IN_ANSI_CHAR:
        return text_value(data, size);
    case ETW_IN_COUNTED_UTF16:
    case ETW_IN_REVERSED_COUNTED_UTF16:
    case ETW_IN_MANIFEST_COUNTED_UTF16:
        return etw_utf16(data + 2, size - 2, arena);
    case ETW_IN_COUNTED_ANSI:
    case ETW_IN_REVERSED_COUNTED_ANSI:
    case ETW_IN_MANIFEST_COUNTED_ANSI:
        return text_value(data + 2, size - 2);
    case ETW_IN_MANIFEST_COUNTED_BINARY:
        return binary(place, data + 2, size - 2, arena);
    case ETW_IN_HEX_DUMP:
        return bytes_value(data + 4, size - 4);
    case ETW_IN_BINARY:
        return binary(place, data, size, arena);
    case ETW_IN_FLOAT:
    case ETW_IN_DOUBLE:
        return floating(place);
    case ETW_IN_BOOLEAN:
        return (struct value){.type = VALUE_BOOL, .as.truth = load_u32(data) != 0};
    case ETW_IN_GUID:
        return (struct value){
            .type = VALUE_GUID, .as.bytes = {.data = data, .size = GUID_SIZE}
        };
    case ETW_IN_FILETIME:
        return time_value(load_i64(data));
    case ETW_IN_SYSTEMTIME:
        return system_time(data);
    case ETW_IN_SID:
        return etw_sid(data, size, arena);
    case ETW_IN_WBEM_SID:
        return wbem_sid(place, arena);
    case ETW_IN_POINTER:
    case ETW_IN_HEX32:
    case ETW_IN_HEX64:
        return integer(place, arena);
    case ETW_IN_NULL:
        return (struct value){.type = VALUE_NULL};
    default:
        return integer(place, arena);
    }
}
