/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_TMF_ITEMS_H
#define ETWAS_MONITOR_ETW_TMF_ITEMS_H

#include "monitor/etw/layout.h"

/*
 * The type of an argument of a WPP message, "ItemLong -- 10" or "ItemListLong(no,yes) -- 11", into
 * `field`. False: nobody knows it, or no memory.
 */
bool tmf_item_set(struct etw_field *field, const char *text, size_t size, struct arena *arena);

#endif
