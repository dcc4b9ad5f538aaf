/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_TESTS_CHECK_H
#define ETWAS_TESTS_CHECK_H

/* cmocka wants these before itself, in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
