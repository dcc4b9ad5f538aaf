/* SPDX-License-Identifier: MIT */
#include "monitor/forward/resolve.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <string.h>

enum { ANSWER_SIZE = 4096, TRIES = 2, TIMEOUT_S = 3 };

enum etwas_status resolve_srv(const char *name, struct srv_record records[SRV_MAX], size_t *count)
{
    struct __res_state state;
    uint8_t answer[ANSWER_SIZE];
    *count = 0;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) {
        return ETWAS_AGAIN;
    }
    state.retry = TRIES;
    state.retrans = TIMEOUT_S;
    const int size = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, (int)sizeof answer);
    const bool unknown = state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA;
    res_nclose(&state);
    if (size < 0) {
        return unknown ? ETWAS_NOT_FOUND : ETWAS_AGAIN;
    }
    const size_t got = (size_t)size < sizeof answer ? (size_t)size : sizeof answer;
    return srv_parse(answer, got, records, count);
}
