/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_EVENT_CODE_H
#define ETWAS_MONITOR_EVENT_CODE_H

#include <stdint.h>

#include "monitor/event/value.h"

/* "STATUS_ACCESS_DENIED"; NULL: not among the common ones, or no code at all. */
const char *code_name(enum value_code code, uint32_t number);

#endif
