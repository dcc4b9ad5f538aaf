/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_BUILTIN_H
#define ETWAS_MONITOR_ETW_BUILTIN_H

#include "monitor/etw/schemas_parts.h"

/*
 * Events with manifests of which something built in may know more: those of .NET runtimes, where
 * manifests do not know the version, and Microsoft-Windows-Kernel-Network, whose events lie as the
 * classic TcpIp and UdpIp do, where manifests describe more or fewer bytes than the record has: as
 * they are exported they lack the sizes of addresses.
 *
 * `layout` is what manifests say, or NULL. NULL: nobody knows.
 */
const struct etw_layout *builtin_layout(const struct etl_record *record,
                                        const struct etw_layout *layout,
                                        const struct schemas_options *options, struct arena *arena);

#endif
