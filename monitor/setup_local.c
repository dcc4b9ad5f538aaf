/* SPDX-License-Identifier: MIT */
#include "monitor/local/counters.h"
#include "monitor/local/lines.h"
#include "monitor/setup.h"

enum etwas_status setup_local(const struct options *options, const struct source_spec *spec,
                              struct source **source, struct etwas_error *error)
{
    const struct process_cpu_wanted processes = {
        .interval_ms = spec->interval_ms, .process_id = spec->process_id, .name = spec->name};
    if (spec->kind == SOURCE_CPU) {
        return cpu_open(spec->interval_ms, source, error);
    }
    if (spec->kind == SOURCE_PROCESS_CPU) {
        return process_cpu_open(&processes, source, error);
    }
    if (spec->kind == SOURCE_LINES) {
        return lines_open(options->command, source, error);
    }
    *error = (struct etwas_error){ETWAS_NOT_FOUND, 0, "opening the source"};
    return ETWAS_NOT_FOUND;
}
