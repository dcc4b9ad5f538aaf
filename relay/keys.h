/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_KEYS_H
#define ETWAS_RELAY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "policy/key.h"

/*
 * Whom the relay trusts: the file of keys, which is looked at again when it changes, and the
 * keys that asked and wait for approval. These are kept in FOLDER/pending, so that another
 * process can approve them. Any thread may call.
 */
enum { KEYS_MAX = 16 * 1024, KEYS_MAX_PENDING = 64 };
#define KEYS_NO_NAME "-" /* of a key that was taken back without one */

struct keys;

/* `folder` NULL: only to look whom the file names; nothing is written. */
ETWAS_MUST_CHECK enum etwas_status keys_open(const char *path, const char *folder,
                                             struct keys **keys, struct etwas_error *error);
void keys_close(struct keys *keys);

enum keys_standing { KEYS_UNKNOWN, KEYS_TRUSTED, KEYS_REVOKED };
enum keys_standing keys_find(struct keys *keys, const char *id, struct key_trust *trust);

/*
 * Reads the file again if it changed and writes FOLDER/pending if that did: now and then.
 * Lines that are no keys are passed over and counted; the first is named. A line that begins with
 * "revoked" and a key takes it back, whatever else is in it. While the file cannot be read those
 * known before count, and it is tried again each time.
 */
struct keys_news {
    bool reread;
    size_t count;  /* trusted */
    size_t before; /* as of the last time */
    size_t bad_lines;
    size_t first_bad; /* from 1 */
    const char *why;
    struct etwas_error failed; /* status OK: it was read. Told once, until it is read again. */
};
struct keys_news keys_refresh(struct keys *keys);

/* A key that signed correctly and is not known. When too many wait, the longest silent goes. */
void keys_add_pending(struct keys *keys, const struct key_trust *trust, int64_t now_ms);

struct keys_pending {
    struct key_trust trust;
    int64_t first_ms;
    int64_t last_ms;
};
/* Copies up to KEYS_MAX_PENDING of them; how many. */
size_t keys_pending(struct keys *keys, struct keys_pending *pending);

/*
 * Moves the pending key whose fingerprint is, or begins with, `fingerprint` ("SHA256:" may be
 * left out; "=COMPUTER" behind it is the name it gets) to the file. NOT_FOUND: none waits
 * that is called so; BUSY: several are; MALFORMED: no name of a computer.
 */
ETWAS_MUST_CHECK enum etwas_status keys_approve(const char *path, const char *folder,
                                                const char *fingerprint, struct key_trust *approved,
                                                struct etwas_error *error);

#endif
