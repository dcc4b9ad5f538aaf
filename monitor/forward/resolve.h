/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_RESOLVE_H
#define ETWAS_MONITOR_FORWARD_RESOLVE_H

#include "ipc/status.h"
#include "monitor/forward/srv.h"

/* Asks the DNS of this system for the SRV records of `name`; blocks. Statuses of srv_parse(). */
ETWAS_MUST_CHECK enum etwas_status resolve_srv(const char *name, struct srv_record records[SRV_MAX],
                                               size_t *count);

#endif
