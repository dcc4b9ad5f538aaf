/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_USDT_NOTE_H
#define ETWAS_MONITOR_USDT_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/status.h"
#include "ipc/usdt.h"
#include "monitor/usdt/elf.h"

/*
 * The user-space probes (USDT) of a program or library, read from its section
 * .note.stapsdt. A note holds the probe's address, the address of .stapsdt.base
 * when it was linked, the address of the semaphore or 0, and three texts:
 * provider, name, arguments (SystemTap, "UserSpaceProbeImplementation", notes
 * of version 3). Addresses become file offsets, as uprobes want them; a
 * prelinked file is told by .stapsdt.base having moved.
 *
 * The file is untrusted. The reader borrows its bytes and allocates nothing;
 * what note_next() fills in is the caller's and borrows nothing.
 *
 * Notes that describe nothing that could be probed are passed over and counted
 * in `skipped`: an address outside executable code (the function was dropped by
 * the linker), a semaphore outside writable data, names that are not
 * [A-Za-z0-9_-]{1,63}, more than USDT_MAX_ARGUMENTS arguments.
 */
enum {
    NOTE_NAME_SIZE = 64,    /* with the zero */
    NOTE_MAX_PROBES = 4096, /* notes of probes in one file, skipped ones included */
};

struct usdt_probe {
    char provider[NOTE_NAME_SIZE];
    char name[NOTE_NAME_SIZE];
    uint64_t offset;    /* of the instruction, in the file */
    uint64_t semaphore; /* file offset of a 16-bit counter; 0 when there is none */
    uint8_t argument_count;
    struct usdt_argument arguments[USDT_MAX_ARGUMENTS];
};

struct note_reader {
    struct elf_image image;
    const uint8_t *at; /* the notes that are left */
    size_t left;
    uint64_t base; /* address of .stapsdt.base in this file */
    bool has_base;
    uint32_t count;   /* notes of probes met so far */
    uint32_t skipped; /* of these, the ones passed over */
};

/*
 * ETWAS_OK for a program without probes, too. ETWAS_MALFORMED, ETWAS_TOO_BIG: as
 * of elf_init().
 */
ETWAS_MUST_CHECK enum etwas_status note_reader_init(struct note_reader *reader, const uint8_t *data,
                                                    size_t size);

/*
 * The next probe, in the order of the file. The same provider and name may come
 * several times: each place where the compiler put the probe is one.
 * ETWAS_CLOSED: that was all; ETWAS_MALFORMED: the notes break their format;
 * ETWAS_TOO_BIG: more than NOTE_MAX_PROBES. These stay.
 */
ETWAS_MUST_CHECK enum etwas_status note_next(struct note_reader *reader, struct usdt_probe *probe);

#endif
