/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_TRACE_DAMAGES_H
#define ETWAS_MONITOR_ETW_TRACE_DAMAGES_H

#include "monitor/etl/trace.h"

/* Says on standard error what could not be read, each with its place; how many that were. */
size_t trace_damages_say(const struct trace *trace);

#endif
