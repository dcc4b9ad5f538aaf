/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_JSON_TEXT_H
#define ETWAS_IPC_JSON_TEXT_H

#include <stdint.h>

/*
 * What json.c needs of the inside of strings. Both begin within the text and return where
 * they stopped, or NULL: it is wrong.
 */

/* From a backslash over the escape, of two halves if it takes two; `*code` is what it means. */
const char *json_take_escape(const char *at, const char *end, uint32_t *code);

/* Over one character that is not ASCII, in UTF-8. A control character is wrong, too. */
const char *json_skip_character(const char *at, const char *end);

#endif
