/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_DECODE_PLAN_H
#define ETWAS_MONITOR_ETW_DECODE_PLAN_H

#include "ipc/load.h"
#include "monitor/etw/decode_parts.h"

/*
 * What is the same for all events of a layout is asked once, when the layout is made: how a field
 * is taken, how large its items are, where it lies, and how its value is made. The usual types have
 * a way of their own, which knows what etw_item_value() would find out for every item.
 */
enum etw_way {
    ETW_WAY_ANY, /* by etw_item_value() */
    ETW_WAY_NUMBER,
    ETW_WAY_UTF16,
};

enum etw_shape {
    ETW_SHAPE_FIXED, /* one item, always of one size */
    ETW_SHAPE_ITEM,  /* one item that is no structure */
    ETW_SHAPE_ITEMS, /* an array of items, all of one size */
    ETW_SHAPE_OTHER,
};

struct etw_plan {
    const struct etw_layout *layout;
    const struct etw_field *field;
    uint64_t mask;   /* of numbers: their bits */
    uint64_t sign;   /* and of those that have one: its bit */
    uint32_t size;   /* of one item, where it is always the same; else 0 */
    uint32_t offset; /* of the leading fields: those at the top before which all are FIXED, too */
    enum value_type type; /* of numbers */
    uint8_t way;          /* enum etw_way, of one item */
    uint8_t shape;        /* enum etw_shape */
    bool is_shown;
    bool is_referenced;
};

/* Needs `fields`, `plans` and is_referenced; fills in the plans and the leading_ numbers. */
void etw_plan_make(struct etw_layout *layout);

/* etw_plan_put() where it is not a number with 8 bytes to read. */
void etw_plan_put_other(const struct etw_plan *plan, const uint8_t *data, size_t size,
                        struct value *value);

/*
 * Makes the value of one item of `size` bytes; `left` is how many may be read. Numbers of all sizes
 * are taken out of 8 bytes, for which nothing has to be guessed. The value is made where it is
 * wanted: copied there it would be read in other pieces than it was written in, for which
 * processors wait.
 */
static inline void etw_plan_put(const struct etw_plan *plan, const uint8_t *data, size_t size,
                                size_t left, struct value *value)
{
    if (plan->way != ETW_WAY_NUMBER || left < sizeof(uint64_t)) {
        etw_plan_put_other(plan, data, size, value);
        return;
    }
    value->type = plan->type;
    value->code = CODE_NONE;
    value->as.u = ((load_u64(data) & plan->mask) ^ plan->sign) - plan->sign;
}

/* The values of `count` items one behind the other, in `left` bytes. */
void etw_plan_put_items(const struct etw_plan *plan, const uint8_t *data, size_t left,
                        struct value *items, size_t count);

#endif
