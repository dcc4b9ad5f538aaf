/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_POLICY_ACCESS_H
#define ETWAS_POLICY_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who may trace what: the administrator's policy file, parsed, and its answers.
 * etwas-policy(5) describes the file. In short, one rule a line,
 *
 *     allow|deny WHO WHAT
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
};

struct access_rule {
    uint32_t line;
    bool allow;
    bool is_group;
    uint32_t id; /* uid or gid; ACCESS_ANYONE */
    char what[ACCESS_WHAT_SIZE];
};

enum access_limit {
    ACCESS_SESSIONS,   /* of a user */
    ACCESS_RING,       /* bytes of a user; 0: as much as there is in all */
    ACCESS_RING_TOTAL, /* bytes; 0: a sixteenth of the memory */
    ACCESS_REQUESTS,   /* a second and user */
    ACCESS_LINGER,     /* seconds, at most */
    ACCESS_LIMITS,
};

struct access_policy {
    uint64_t limits[ACCESS_LIMITS];
    size_t rule_count;
    struct access_rule rules[ACCESS_MAX_RULES];
};

#define ACCESS_ANYONE UINT32_MAX

/* Turns a user's or group's name into its number. Called while parsing only. */
typedef bool access_resolver(const char *name, bool is_group, uint32_t *id);

/* Where a policy is wrong, and how; `what` is a literal. Lines and columns from 1. */
struct access_fault {
    uint32_t line;
    uint32_t column;
    const char *what;
};

/*
 * Parses `size` bytes of text, which it cuts up. False: `fault` says where it is
 * wrong, and the policy is not to be used. One wrong line spoils all, for a rule left
 * out is a hole.
 */
bool access_parse(struct access_policy *policy, char *text, size_t size, access_resolver *resolver,
                  struct access_fault *fault);

/* Whom a question is about; borrowed for the call. */
struct access_subject {
    uint32_t uid;
    uint32_t gid;
    const uint32_t *groups; /* supplementary */
    size_t group_count;
};

/*
 * May `subject` trace `what`, "SYSTEM:EVENT" or a provider? `line` becomes that of
 * the rule that decided, 0 when none did.
 *
 * "usdt:own" and "usdt:INODE:OFFSET:SEMAPHORE:ARGUMENTS" are no matter for patterns:
 * only a rule of the very same text allows them, while any deny rule whose pattern
 * matches denies them. NULL: is there anything at all that the subject may trace?
 */
bool access_allows(const struct access_policy *policy, const struct access_subject *subject,
                   const char *what, uint32_t *line);

#endif
