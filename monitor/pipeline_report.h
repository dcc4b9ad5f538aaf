/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_PIPELINE_REPORT_H
#define ETWAS_MONITOR_PIPELINE_REPORT_H

#include "monitor/pipeline.h"

/* What the pipeline says on standard error. */

/* "etwas: NAME: writing events: No space left on device" */
void pipeline_say_error(const char *name, const struct etwas_error *error);

/* Events lost since `before`; nothing when none were. */
void pipeline_say_losses(const struct source_accounts *before, const struct source_accounts *now);

/*
 * The accounts at the end, each source with its CPUs, then in total; `written` events
 * went to each sink. Each line says whether it balances.
 */
void pipeline_say_accounts(const struct pipeline *pipeline, uint64_t written);

#endif
