/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_REPORT_RELAYS_H
#define ETWAS_MONITOR_REPORT_RELAYS_H

#include "monitor/options/options.h"

/* The doctor's findings about sending: the key, the spool, and the relays named with --sink. */
void report_relays(const struct options *options);

#endif
