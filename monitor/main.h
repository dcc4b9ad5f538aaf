/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_MAIN_H
#define ETWAS_MONITOR_MAIN_H

/* The program, when main_*.c has done what its system wants first. Arguments are UTF-8. */
int etwas_main(int argc, char **argv);

#endif
