/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_REPORT_RULE_H
#define ETWAS_MONITOR_REPORT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/usdt/note.h"

/*
 * The name of a probe in the controller's policy:
 * usdt:INODE:0xOFFSET:0xSEMAPHORE:ARGUMENTS, where ARGUMENTS are the kernel's fetch
 * arguments (its documentation, uprobetracer.rst) separated by commas, as in
 * arg1=%di:u64,arg2=-8(%bp):s32,arg3=+0(%dx):string; `-` when there are none. Arguments
 * that the kernel cannot fetch are left out. The controller writes the same text from
 * what it is asked, and compares.
 */
enum { RULE_SIZE = 320 };

/* False: it does not fit into RULE_SIZE bytes, so the policy cannot name it. */
bool rule_render(const struct usdt_probe *probe, uint64_t inode, uint32_t text_mask, char *rule);

/* What the system knows of a file that a probe is in. */
struct rule_file {
    uint64_t inode;
    bool administrators; /* his own, not written by others, not set-id: a rule can name it */
};
bool rule_file_look(int handle, struct rule_file *file);

#endif
