/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_SPOOL_CHECKSUM_H
#define ETWAS_MONITOR_SPOOL_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * XXH64 by Yann Collet. Of 2^64 damaged records one passes, at the speed of memory and with
 * neither tables nor special instructions; a CRC32C by table takes five times as long and lets
 * one of 2^32 pass. It guards against damage, not against people: who can write the folder
 * can replace the spool as a whole, and relays check signatures.
 */
uint64_t checksum_of(const void *data, size_t size, uint64_t seed);

#endif
