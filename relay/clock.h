/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_CLOCK_H
#define ETWAS_RELAY_CLOCK_H

#include <stdint.h>

int64_t clock_utc_ms(void); /* since 1970; may jump */
int64_t clock_ms(void);     /* of a clock that only goes forward */
int64_t clock_us(void);     /* the same */

#endif
