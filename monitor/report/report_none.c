/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "monitor/report/report.h"

/* Where there is neither a controller nor a key to ask about. */

static int say_no_controller(void)
{
    (void)fprintf(stderr, "etwas: there is no controller for Windows yet\n"
                          "next: read a recorded trace: --file PATH.etl\n");
    return REPORT_FAILED;
}

int report_stop(const struct options *options)
{
    (void)options;
    return say_no_controller();
}

int report_sessions(const struct options *options)
{
    (void)options;
    return say_no_controller();
}

int report_providers(const struct options *options)
{
    (void)options;
    return say_no_controller();
}

int report_events(const struct options *options)
{
    (void)options;
    return say_no_controller();
}

int report_doctor(const struct options *options)
{
    (void)options;
    return say_no_controller();
}

int report_usdt_rule(const struct options *options)
{
    (void)options;
    (void)fprintf(stderr, "etwas: Windows has no USDT probes\n");
    return REPORT_FAILED;
}

int report_key(const struct options *options)
{
    (void)options;
    (void)fprintf(stderr, "etwas: this version of etwas for Windows cannot send to relays, and "
                          "has no key\n");
    return REPORT_FAILED;
}
