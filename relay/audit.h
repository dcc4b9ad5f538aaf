/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_AUDIT_H
#define ETWAS_RELAY_AUDIT_H

#include <stdint.h>

#include "ipc/status.h"
#include "relay/store.h"

/*
 * etwass --verify: every stored batch is held against its publisher's signature again, its body
 * against the digest that was signed, and what the store says of it against both. What the relay
 * noted beside it was not signed, but most of it follows from what was: the times from the lines,
 * what was missing from the batches before, and when it came, to some minutes, from the time of the
 * signature. The computer's name is asked for. Nothing tells the order of the rows, nor whether the
 * oldest or the newest were taken out. A relay may serve the folder meanwhile
 * (store_options.look).
 */
enum audit_what {
    AUDIT_BODY,    /* is not what the signed digest says */
    AUDIT_HEADERS, /* the signature does not hold for them */
    AUDIT_KEY,     /* the stored key is not the one that the signature names */
    AUDIT_COLUMNS, /* number, counts, books, digest or times differ from what was signed */
    AUDIT_NOTES,   /* when it came, or what was missing before it, cannot be true */
};

/* For people: "body", "headers", "key", "columns", "notes". */
const char *audit_name(enum audit_what what);

struct audit_finding {
    enum audit_what what; /* the first of them that is wrong */
    int64_t row;
    const char *key_id; /* "SHA256:...", of the stored key */
    const char *computer;
    const char *stream; /* hex */
    uint64_t sequence;
};

struct audit {
    void (*found)(void *context, const struct audit_finding *finding);
    /* Rows that were there, and that retention cannot have taken: older ones are there still. */
    void (*gone)(void *context, int64_t first, int64_t last);
    /* May the key's batches have this computer's name? NULL: nobody knows. */
    bool (*may_be_named)(void *context, const struct audit_finding *finding);
    void (*progress)(void *context, uint64_t done, uint64_t batches); /* NULL: not wanted */
    void *context;
};

struct audit_result {
    uint64_t batches;
    uint64_t altered;
    uint64_t gone;    /* not among the batches */
    uint64_t renamed; /* whose computer's name may not be so */
};

/* OK however much was altered; else what kept it from reading. */
ETWAS_MUST_CHECK enum etwas_status audit_run(struct store *store, const struct audit *audit,
                                             struct audit_result *result,
                                             struct etwas_error *error);

#endif
