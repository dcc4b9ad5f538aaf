/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_OPTIONS_H
#define ETWAS_RELAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"

/*
 * The command line of etwass as data. Options are written `--name value` or `--name=value`.
 * Texts borrow from argv and the environment.
 */
enum {
    OPTIONS_MAX_ADDRESSES = 8,
    OPTIONS_MAX_HOSTS = 16,
    OPTIONS_PROBLEM_SIZE = 512,
    OPTIONS_PORT = 8080,
    OPTIONS_MAX_VIEWERS = 200,
};

#define OPTIONS_RETAIN (UINT64_C(10) << 30U)

enum options_action {
    ACTION_RUN,
    ACTION_HELP,
    ACTION_VERSION,
    ACTION_APPROVE, /* `fingerprint` */
    ACTION_VERIFY,
    ACTION_BACKUP, /* to `backup` */
};

/* What of the environment counts; NULL: not set. */
struct options_environment {
    const char *port;            /* PORT */
    const char *state_directory; /* STATE_DIRECTORY, of systemd */
    const char *xdg_state_home;
    const char *home;
    bool root;
};

struct options {
    enum options_action action;
    uint16_t port; /* 0: any free one */
    size_t address_count;
    const char *addresses[OPTIONS_MAX_ADDRESSES]; /* none: loopback */
    size_t host_count;
    const char *hosts[OPTIONS_MAX_HOSTS];
    char data[4096];  /* the folder */
    const char *keys; /* NULL: DATA/keys */
    const char *fingerprint;
    const char *backup;
    const char *certificate;
    const char *key;
    bool insecure;
    bool trust_local;   /* where it listens on loopback only */
    bool trust_proxied; /* that was said, and so holds with other names than loopback's, too */
    bool quiet;
    uint64_t retain_bytes; /* 0: no limit */
    uint64_t retain_s;
    uint32_t max_viewers;
    uint64_t max_batches_per_s; /* of a publisher; 0: no limit */
    uint64_t max_bytes_per_s;
};

/*
 * MALFORMED: `problem`, of OPTIONS_PROBLEM_SIZE bytes, says what is wrong and what to write.
 */
ETWAS_MUST_CHECK enum etwas_status options_parse(struct options *options, int argc,
                                                 char *const *argv,
                                                 const struct options_environment *environment,
                                                 char *problem);

/* The file of keys; `path` is room for it. */
const char *options_keys(const struct options *options, char *path, size_t room);

extern const char options_usage[]; /* a few lines, for bad arguments */
extern const char options_help[];  /* everything */

#endif
