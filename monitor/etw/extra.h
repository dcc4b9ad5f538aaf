/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_EXTRA_H
#define ETWAS_MONITOR_ETW_EXTRA_H

#include "monitor/etl/record.h"
#include "monitor/etw/stacks.h"
#include "monitor/event/event.h"

/*
 * What few records carry beside header and payload (extended data items, the SDK's evntcons.h), as
 * columns: RelatedActivityId, and as event.extra UserId SessionId InstanceId ParentInstanceId
 * ParentGuid PebsIndex PmcCounters PsmKey EventKey ProcessStartKey ControlGuid QpcDelta
 * ContainerId.
 *
 * With `stacks` (not NULL), which was told of the record: Stack, too, from the record itself or
 * from those that belong to it. Without room in the arena a column is missing.
 */
void etw_extra(struct event *event, const struct etl_record *record, struct stacks *stacks,
               struct arena *arena);

#endif
