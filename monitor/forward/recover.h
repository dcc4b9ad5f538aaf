/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_FORWARD_RECOVER_H
#define ETWAS_MONITOR_FORWARD_RECOVER_H

#include "monitor/spool/spool.h"

/* What a program that was killed leaves to be sent and said by the next. */

/*
 * The batch that it was filling becomes the stream's next one. OK: it did, or there is none.
 * AGAIN: there is no room. Else as spool_append().
 */
ETWAS_MUST_CHECK enum etwas_status recover_draft(struct spool *spool);

/*
 * What the stream has not accounted for, and nobody will, is lost(monitor): an empty batch says
 * so. As above; OK with nothing to say, too.
 */
ETWAS_MUST_CHECK enum etwas_status recover_books(struct spool *spool);

#endif
