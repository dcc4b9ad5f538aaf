/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_MONITOR_TRACEFS_PRINT_TEXT_H
#define ETWAS_TESTS_MONITOR_TRACEFS_PRINT_TEXT_H

#include "monitor/tracefs/print_format.h"

/*
 * The text of a record as the kernel prints it, made from our decoded values.
 * What cannot be made (kernel functions, %pI4 and its like) becomes a
 * PRINT_TEXT_ANY, and its argument is set in `skipped`.
 */
enum { PRINT_TEXT_SIZE = 8192, PRINT_TEXT_ANY = 1 /* a character that no line holds */ };

struct print_text {
    char text[PRINT_TEXT_SIZE];
    size_t size;
    bool overflow;
    bool skipped[PRINT_ARGUMENTS];
};

void print_text_make(const struct format *format, const struct event *event, struct arena *arena,
                     struct print_text *text);

/*
 * Sets what print_text_make() would skip whatever the record holds, so that the
 * list of it does not depend on the events that happen to occur.
 */
void print_text_skips(const struct format *format, bool skipped[PRINT_ARGUMENTS]);

/* As the kernel prints system calls, which have a print function of their own. */
void print_text_syscall(const struct format *format, const struct event *event,
                        struct print_text *text);

/* Is `line` the text, with anything for each PRINT_TEXT_ANY? */
bool print_text_matches(const char *text, const char *line);

#endif
