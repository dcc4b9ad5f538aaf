/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ipc/load.h"
#include "monitor/etw/decode_parts.h"

/*
 * What is the same for all events of a layout is asked once, when the layout is made: how a field
 * is taken, how large its items are, where it lies, and which function makes its value. The usual
 * types have a function each, which knows what etw_item_value() would find out for every item.
 */

static struct value uint_value(uint64_t number)
{
    return (struct value){.type = VALUE_UINT, .as.u = number};
}

static struct value hex_value(uint64_t number)
{
    return (struct value){.type = VALUE_HEX, .as.u = number};
}

static struct value int_value(int64_t number)
{
    return (struct value){.type = VALUE_INT, .as.i = number};
}

/* A decoder that needs nothing but the bytes. */
#define DECODER(name, result)                                                                      \
    static struct value name(const struct etw_plan *plan, const uint8_t *data, size_t size,        \
                             struct arena *arena)                                                  \
    {                                                                                              \
        (void)plan;                                                                                \
        (void)size;                                                                                \
        (void)arena;                                                                               \
        return result;                                                                             \
    }

DECODER(uint8, uint_value(data[0]))
DECODER(uint16, uint_value(load_u16(data)))
DECODER(uint32, uint_value(load_u32(data)))
DECODER(uint64, uint_value(load_u64(data)))
DECODER(int8, int_value((int8_t)data[0]))
DECODER(int16, int_value((int16_t)load_u16(data)))
DECODER(int32, int_value((int32_t)load_u32(data)))
DECODER(int64, int_value(load_i64(data)))
DECODER(hex8, hex_value(data[0]))
DECODER(hex16, hex_value(load_u16(data)))
DECODER(hex32, hex_value(load_u32(data)))
DECODER(hex64, hex_value(load_u64(data)))

static struct value utf16(const struct etw_plan *plan, const uint8_t *data, size_t size,
                          struct arena *arena)
{
    (void)plan;
    return etw_utf16(data, size, arena);
}

static struct value any(const struct etw_plan *plan, const uint8_t *data, size_t size,
                        struct arena *arena)
{
    const struct etw_place place = {
        .layout = plan->layout, .field = plan->field, .data = data, .size = size};
    return etw_item_value(&place, arena);
}

/* By the logarithm of the size. */
static etw_decoder *const uints[] = {uint8, uint16, uint32, uint64};
static etw_decoder *const ints[] = {int8, int16, int32, int64};
static etw_decoder *const hexes[] = {hex8, hex16, hex32, hex64};

static size_t logarithm(size_t size)
{
    return size == 8 ? 3 : size / 2;
}

static etw_decoder *integer_decoder(const struct etw_field *field, size_t size)
{
    const bool is_signed = field->in_type == ETW_IN_INT8 || field->in_type == ETW_IN_INT16 ||
                           field->in_type == ETW_IN_INT32 || field->in_type == ETW_IN_INT64;
    switch (field->out_type) {
    case ETW_OUT_HEX8:
    case ETW_OUT_HEX16:
    case ETW_OUT_HEX32:
    case ETW_OUT_HEX64:
    case ETW_OUT_CODE_POINTER:
        return hexes[logarithm(size)];
    case ETW_OUT_BOOLEAN:
    case ETW_OUT_PORT:
    case ETW_OUT_IPV4:
    case ETW_OUT_WIN32_ERROR:
    case ETW_OUT_NTSTATUS:
    case ETW_OUT_HRESULT:
        return any;
    default:
        return (is_signed ? ints : uints)[logarithm(size)];
    }
}

static etw_decoder *decoder_of(const struct etw_field *field, size_t size)
{
    if (field->map != NULL) {
        return any;
    }
    switch (field->in_type) {
    case ETW_IN_INT8:
    case ETW_IN_UINT8:
    case ETW_IN_INT16:
    case ETW_IN_UINT16:
    case ETW_IN_INT32:
    case ETW_IN_UINT32:
    case ETW_IN_INT64:
    case ETW_IN_UINT64:
    case ETW_IN_SIZE:
        return integer_decoder(field, size);
    case ETW_IN_POINTER:
    case ETW_IN_HEX32:
    case ETW_IN_HEX64:
        return hexes[logarithm(size)];
    case ETW_IN_UTF16:
    case ETW_IN_UNTERMINATED_UTF16:
        return utf16;
    default:
        return any;
    }
}

/* Texts and bytes of a length that the layout says are always of one size, too. */
static size_t size_of(const struct etw_layout *layout, const struct etw_field *field)
{
    const size_t size = etw_fixed_size(layout, field->in_type);
    if (size != 0 || field->length_from != ETW_EXTENT_FIXED) {
        return size;
    }
    switch (field->in_type) {
    case ETW_IN_UTF16:
        return (size_t)field->length * 2;
    case ETW_IN_ANSI:
    case ETW_IN_BINARY:
        return field->length;
    default:
        return 0;
    }
}

static void make(const struct etw_layout *layout, uint16_t index, struct etw_plan *plan)
{
    const struct etw_field *field = &layout->fields[index];
    const bool is_array = field->count_from != ETW_EXTENT_NONE;
    const size_t size = field->is_struct ? 0 : size_of(layout, field);
    *plan = (struct etw_plan){.layout = layout, .field = field, .size = size};
    if (field->is_struct) {
        plan->shape = ETW_SHAPE_OTHER;
    } else if (!is_array) {
        plan->shape = ETW_SHAPE_ITEM;
    } else {
        /* A count that somebody needs is that of the last item. */
        plan->shape =
            size != 0 && !layout->reading->is_referenced[index] ? ETW_SHAPE_ITEMS : ETW_SHAPE_OTHER;
    }
    plan->decode = decoder_of(field, size);
}

void etw_plan_make(struct etw_layout *layout)
{
    size_t end = 0;
    bool leading = true;
    layout->leading_count = 0;
    layout->leading_size = 0;
    layout->direct_count = 0;
    for (uint16_t i = 0; i < layout->field_total; i++) {
        struct etw_plan *plan = &layout->plans[i];
        make(layout, i, plan);
        leading =
            leading && i < layout->top_count && plan->shape == ETW_SHAPE_ITEM && plan->size != 0;
        if (leading) {
            end += plan->size;
            plan->end = end;
            layout->leading_count++;
            layout->leading_size = end;
            if (!layout->fields[i].is_hidden) {
                layout->direct_count++;
            }
        }
    }
}
