/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SINK_ETL_SINK_H
#define ETWAS_MONITOR_SINK_ETL_SINK_H

#include "monitor/sink/sink.h"

/*
 * A file as sink_file_open() makes them, in the format of Windows' event trace logs: what every
 * event says of itself goes with it, so that it needs no manifest to be read.
 */
ETWAS_MUST_CHECK enum etwas_status etl_sink_open(const char *path, struct sink **sink,
                                                 struct etwas_error *error);

#endif
