/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "monitor/spool/spool_parts.h"

void notice_put(struct spool *spool, const char *format, ...)
{
    if (spool->notice[0] != '\0') {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(spool->notice, sizeof spool->notice, format, arguments);
    va_end(arguments);
}

const char *spool_notice(struct spool *spool)
{
    (void)pthread_mutex_lock(&spool->lock);
    memcpy(spool->said, spool->notice, sizeof spool->said);
    spool->notice[0] = '\0';
    (void)pthread_mutex_unlock(&spool->lock);
    return spool->said[0] != '\0' ? spool->said : NULL;
}
