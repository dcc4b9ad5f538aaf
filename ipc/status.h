/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_IPC_STATUS_H
#define ETWAS_IPC_STATUS_H

#include <stdint.h>

#include "ipc/outcome.h"

/*
 * What went wrong, by value. `doing` is a string literal ("binding the control
 * socket"), so an error owns nothing and can be copied and dropped freely.
 * os_code is errno or GetLastError() taken at once, 0 when there is none.
 */
struct etwas_error {
    enum etwas_status status;
    uint32_t os_code;
    const char *doing;
};

#if defined(__clang__)
#    define ETWAS_MUST_CHECK      __attribute__((warn_unused_result))
#    define ETWAS_PRINTF(at, arg) __attribute__((format(printf, at, arg)))
#elif defined(__GNUC__)
/* To MinGW "printf" means Microsoft's, which has no %zu; ours is the standard's. */
#    define ETWAS_MUST_CHECK      __attribute__((warn_unused_result))
#    define ETWAS_PRINTF(at, arg) __attribute__((format(gnu_printf, at, arg)))
#else
#    define ETWAS_MUST_CHECK
#    define ETWAS_PRINTF(at, arg)
#endif

#endif
