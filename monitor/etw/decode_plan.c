/* SPDX-License-Identifier: MIT */
#include "monitor/etw/decode_plan.h"

void etw_plan_put_other(const struct etw_plan *plan, const uint8_t *data, size_t size,
                        struct value *value)
{
    struct arena *arena = plan->layout->reading->arena;
    if (plan->way == ETW_WAY_UTF16) {
        *value = etw_utf16(data, size, arena);
        return;
    }
    if (plan->way == ETW_WAY_NUMBER) {
        const uint64_t number = etw_item_number(plan->field, data, size);
        *value = (struct value){.type = plan->type, .as.u = (number ^ plan->sign) - plan->sign};
        return;
    }
    const struct etw_place place = {
        .layout = plan->layout, .field = plan->field, .data = data, .size = size};
    *value = etw_item_value(&place, arena);
}

/* As etw_plan_put(), what is the same for all kept at hand. As many as have 8 bytes to read. */
static size_t put_numbers(const struct etw_plan *plan, const uint8_t *data, size_t left,
                          struct value *items, size_t count)
{
    const struct etw_plan kept = *plan;
    size_t i = 0;
    for (size_t at = 0; i < count && left - at >= sizeof(uint64_t); i++) {
        items[i].type = kept.type;
        items[i].code = CODE_NONE;
        items[i].as.u = ((load_u64(data + at) & kept.mask) ^ kept.sign) - kept.sign;
        at += kept.size;
    }
    return i;
}

void etw_plan_put_items(const struct etw_plan *plan, const uint8_t *data, size_t left,
                        struct value *items, size_t count)
{
    size_t i = plan->way == ETW_WAY_NUMBER ? put_numbers(plan, data, left, items, count) : 0;
    for (; i < count; i++) {
        etw_plan_put_other(plan, data + i * plan->size, plan->size, &items[i]);
    }
}

static void set_number(struct etw_plan *plan, enum value_type type)
{
    const unsigned bits = 8 * plan->size;
    if (bits == 0 || bits > 64) {
        return;
    }
    plan->way = ETW_WAY_NUMBER;
    plan->type = type;
    plan->mask = UINT64_MAX >> (64 - bits);
    plan->sign = type == VALUE_INT ? UINT64_C(1) << (bits - 1) : 0;
}

static void set_integer(struct etw_plan *plan)
{
    const struct etw_field *field = plan->field;
    const bool is_signed = field->in_type == ETW_IN_INT8 || field->in_type == ETW_IN_INT16 ||
                           field->in_type == ETW_IN_INT32 || field->in_type == ETW_IN_INT64;
    switch (field->out_type) {
    case ETW_OUT_HEX8:
    case ETW_OUT_HEX16:
    case ETW_OUT_HEX32:
    case ETW_OUT_HEX64:
    case ETW_OUT_CODE_POINTER:
        set_number(plan, VALUE_HEX);
        break;
    case ETW_OUT_BOOLEAN:
    case ETW_OUT_PORT:
    case ETW_OUT_IPV4:
    case ETW_OUT_WIN32_ERROR:
    case ETW_OUT_NTSTATUS:
    case ETW_OUT_HRESULT:
        break;
    default:
        set_number(plan, is_signed ? VALUE_INT : VALUE_UINT);
        break;
    }
}

/* Codes, which may have names, and addresses go any way. */
static void set_hex(struct etw_plan *plan)
{
    const uint16_t out = plan->field->out_type;
    if (out != ETW_OUT_WIN32_ERROR && out != ETW_OUT_NTSTATUS && out != ETW_OUT_HRESULT &&
        out != ETW_OUT_BOOLEAN && out != ETW_OUT_IPV4 && out != ETW_OUT_PORT) {
        set_number(plan, VALUE_HEX);
    }
}

/* What is not told here goes any way. */
static void set_way(struct etw_plan *plan)
{
    switch (plan->field->in_type) {
    case ETW_IN_INT8:
    case ETW_IN_UINT8:
    case ETW_IN_INT16:
    case ETW_IN_UINT16:
    case ETW_IN_INT32:
    case ETW_IN_UINT32:
    case ETW_IN_INT64:
    case ETW_IN_UINT64:
    case ETW_IN_SIZE:
        set_integer(plan);
        break;
    case ETW_IN_POINTER:
    case ETW_IN_HEX32:
    case ETW_IN_HEX64:
        set_hex(plan);
        break;
    case ETW_IN_UTF16:
    case ETW_IN_UNTERMINATED_UTF16:
        plan->way = ETW_WAY_UTF16;
        break;
    default:
        break;
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
    *plan = (struct etw_plan){.layout = layout,
                              .field = field,
                              .size = (uint32_t)size,
                              .way = ETW_WAY_ANY,
                              .shape = ETW_SHAPE_OTHER,
                              .is_shown = !field->is_hidden,
                              .is_referenced = layout->reading->is_referenced[index]};
    if (field->map == NULL && !field->is_struct) {
        set_way(plan);
    }
    if (!field->is_struct && !is_array) {
        plan->shape = size != 0 ? ETW_SHAPE_FIXED : ETW_SHAPE_ITEM;
    } else if (!field->is_struct && size != 0 && !plan->is_referenced) {
        plan->shape = ETW_SHAPE_ITEMS; /* of a referenced one the last item counts */
    }
}

void etw_plan_make(struct etw_layout *layout)
{
    uint32_t end = 0;
    bool leading = true;
    layout->leading_count = 0;
    layout->leading_size = 0;
    for (uint16_t i = 0; i < layout->field_total; i++) {
        struct etw_plan *plan = &layout->plans[i];
        make(layout, i, plan);
        leading = leading && i < layout->top_count && plan->shape == ETW_SHAPE_FIXED;
        if (leading) {
            plan->offset = end;
            end += plan->size;
            layout->leading_count++;
            layout->leading_size = end;
        }
    }
}
