/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_REPORT_REPORT_H
#define ETWAS_MONITOR_REPORT_REPORT_H

#include "monitor/options/options.h"

/*
 * The actions of etwas that show no events. Each prints to standard output, says
 * on standard error what went wrong, and returns the exit status of the program.
 */
enum report_exit {
    REPORT_FINE = 0,
    REPORT_FAILED = 2,
    REPORT_DENIED = 3,
    REPORT_NOT_FOUND = 4,
};

int report_stop(const struct options *options);
int report_sessions(const struct options *options);
int report_providers(const struct options *options);
int report_events(const struct options *options);
int report_doctor(const struct options *options);
int report_usdt_rule(const struct options *options);
int report_key(const struct options *options);

#endif
