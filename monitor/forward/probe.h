/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_PROBE_H
#define ETWAS_MONITOR_FORWARD_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/forward/address.h"

/* What can be found out about sending without doing it, for --doctor. */

/* Asks the relay whether it is well, for some seconds at most. False: `problem` says why not. */
bool probe_relay(const struct address *address, const char *ca, char *problem, size_t room);

/* What waits in the streams below the user's folder of spools, or `path`. */
struct probe_spool {
    uint64_t streams; /* folders */
    uint64_t bytes;   /* of the files in them */
    bool writable;
    bool there;
};
void probe_spool(const char *path, struct probe_spool *found);

#endif
