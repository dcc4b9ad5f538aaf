/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_POLICY_ACCESS_H
#define ETWAS_POLICY_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * Who may trace what: the administrator's policy file, parsed, and its answers.
 * etwas-policy(5) describes the file. In short, one rule a line,
 *
 *     allow|deny WHO WHAT [level<=N] [keywords=MASK]
 *     limit sessions|ring|ring-total|requests|linger VALUE
 *
 * the first rule that matches decides, and what no rule matches is denied.
 *
 * A policy is one block without pointers, of some 200 KiB: keep it static. It
 * never changes once parsed, so threads may share it.
 */
enum {
    ACCESS_MAX_FILE = 64 * 1024, /* bytes */
    ACCESS_MAX_RULES = 512,
    ACCESS_WHAT_SIZE = 320, /* bytes of a pattern, with its zero */
    ACCESS_SID_SIZE = 72,
};

enum access_who {
    ACCESS_ANYONE,
    ACCESS_UID,
    ACCESS_GID,
    ACCESS_SID,
};

struct access_rule {
    uint32_t line;
    bool allow;
    enum access_who who;
    uint32_t id; /* uid or gid */
    uint32_t max_level;
    uint64_t keywords;
    char sid[ACCESS_SID_SIZE];
    char what[ACCESS_WHAT_SIZE];
};

struct access_policy {
    struct access_rule rules[ACCESS_MAX_RULES];
    size_t rule_count;
    uint64_t ring_per_user; /* bytes; 0: as much as there is in all */
    uint64_t ring_total;    /* bytes; 0: a sixteenth of the memory */
    uint32_t sessions_per_user;
    uint32_t requests_per_second; /* and user */
    uint32_t linger_s;            /* at most */
};

/* Turns a user's or group's name into its number. Called while parsing only. */
struct access_resolver {
    bool (*user)(const char *name, uint32_t *uid);
    bool (*group)(const char *name, uint32_t *gid);
};

/* Where a policy is wrong, and how; `what` is a literal. Lines and columns from 1. */
struct access_fault {
    uint32_t line;
    uint32_t column;
    const char *what;
};

/*
 * Parses `size` bytes of text. MALFORMED: `fault` says where; the policy is then
 * not to be used. One wrong line spoils all, for a rule left out is a hole.
 */
ETWAS_MUST_CHECK enum etwas_status access_parse(struct access_policy *policy, const char *text,
                                                size_t size, const struct access_resolver *resolver,
                                                struct access_fault *fault);

/* Whom a question is about; borrowed for the call. `sid` is NULL where there are none. */
struct access_subject {
    uint32_t uid;
    uint32_t gid;
    const uint32_t *groups; /* supplementary */
    size_t group_count;
    const char *sid;
};

/*
 * May `subject` trace `what`, "SYSTEM:EVENT" or a provider? `line` becomes that of
 * the rule that decided, 0 when none did.
 */
bool access_allows(const struct access_policy *policy, const struct access_subject *subject,
                   const char *what, uint32_t *line);

/*
 * The same for "usdt:own" and "usdt:INODE:OFFSET:SEMAPHORE:ARGUMENTS". An
 * administrator's file is no matter for patterns: only a rule of the very same
 * text allows it, while any deny rule whose pattern matches denies it.
 */
bool access_allows_usdt(const struct access_policy *policy, const struct access_subject *subject,
                        const char *what, uint32_t *line);

/* Is there anything that `subject` may trace? */
bool access_allows_anything(const struct access_policy *policy,
                            const struct access_subject *subject);

#endif
