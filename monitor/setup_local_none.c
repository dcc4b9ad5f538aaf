/* SPDX-License-Identifier: MIT */
#include "monitor/setup.h"

enum etwas_status setup_local(const struct options *options, const struct source_spec *spec,
                              struct source **source, struct etwas_error *error)
{
    (void)options;
    (void)spec;
    *source = NULL;
    *error = (struct etwas_error){ETWAS_SYSTEM, 0, "not in this version of etwas for Windows"};
    return ETWAS_SYSTEM;
}
