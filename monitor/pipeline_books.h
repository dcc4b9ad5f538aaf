/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_PIPELINE_BOOKS_H
#define ETWAS_MONITOR_PIPELINE_BOOKS_H

#include "monitor/pipeline.h"

/*
 * The accounts of a pipeline's sources, with what was cut off by max_events counted as
 * filtered; and handing them to the sinks that keep books.
 */

/* Events that a source counts as delivered went to no sink. */
void pipeline_cut_off(struct pipeline *pipeline, size_t source, const struct event *events,
                      size_t count);

void pipeline_accounts(const struct pipeline *pipeline, size_t source,
                       struct source_accounts *accounts);
bool pipeline_lane(const struct pipeline *pipeline, size_t source, uint32_t index,
                   struct source_accounts *accounts);
void pipeline_sum(const struct pipeline *pipeline, struct source_accounts *sum);

/* All that the accounts call delivered has been written to this sink. */
void pipeline_checkpoint(const struct pipeline *pipeline, struct sink *sink);

#endif
