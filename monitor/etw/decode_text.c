/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etl/utf16.h"
#include "monitor/etw/decode_parts.h"
#include "monitor/event/arena.h"

/* Values that become text which is not in the record: it is made in the arena. */

enum {
    ADDRESS_ROOM = 64,
    SID_ROOM = 200,
    GROUPS = 8,      /* of an IPv6 address */
    FAMILY_INET = 2, /* AF_INET and AF_INET6 of Windows */
    FAMILY_INET6 = 23,
    INET_SIZE = 8, /* of a SOCKADDR_IN that are needed, and of a SOCKADDR_IN6 */
    INET6_SIZE = 24,
};

static const struct value nothing = {.type = VALUE_NULL};

static struct value text_of(const char *data, size_t size)
{
    return (struct value){
        .type = VALUE_TEXT, .as.text = {.data = data, .size = size}
    };
}

struct value etw_utf16(const uint8_t *data, size_t size, struct arena *arena)
{
    char *out = arena_take(arena, size / 2 * UTF8_A_UNIT + 1);
    return out != NULL ? text_of(out, utf16_to_utf8(data, size, out)) : nothing;
}

struct value etw_sid(const uint8_t *data, size_t size, struct arena *arena)
{
    char *out = arena_take(arena, SID_ROOM);
    if (out == NULL || size < 8 || size < 8 + 4 * (size_t)data[1]) {
        return nothing;
    }
    uint64_t authority = 0;
    for (unsigned i = 2; i < 8; i++) {
        authority = authority << 8 | data[i];
    }
    /* [MS-DTYP] 2.4.2.1: authorities beyond 32 bits are written in hex. */
    int used = snprintf(out, SID_ROOM, authority >> 32 == 0 ? "S-%u-%llu" : "S-%u-0x%llx",
                        (unsigned)data[0], (unsigned long long)authority);
    for (unsigned i = 0; i < data[1] && used > 0 && used < SID_ROOM; i++) {
        used += snprintf(out + used, SID_ROOM - (size_t)used, "-%lu",
                         (unsigned long)load_u32(data + 8 + 4 * (size_t)i));
    }
    return used > 0 && used < SID_ROOM ? text_of(out, (size_t)used) : nothing;
}

struct value etw_ipv4(const uint8_t *data, struct arena *arena)
{
    char *out = arena_take(arena, ADDRESS_ROOM);
    if (out == NULL) {
        return nothing;
    }
    const int used = snprintf(out, ADDRESS_ROOM, "%u.%u.%u.%u", data[0], data[1], data[2], data[3]);
    return text_of(out, (size_t)used);
}

/* RFC 5952: small letters, no zeros in front, the first longest run of zero groups left out. */
static size_t put_ipv6(char *out, size_t room, const uint8_t *data)
{
    size_t best = GROUPS;
    size_t best_length = 1; /* a single one stays */
    for (size_t i = 0; i < GROUPS; i++) {
        size_t length = 0;
        while (i + length < GROUPS && data[2 * (i + length)] == 0 &&
               data[2 * (i + length) + 1] == 0) {
            length++;
        }
        if (length > best_length) {
            best = i;
            best_length = length;
        }
        i += length;
    }
    size_t used = 0;
    for (size_t i = 0; i < GROUPS;) {
        if (i == best) {
            used += (size_t)snprintf(out + used, room - used, "::");
            i += best_length;
            continue;
        }
        const bool colon = i != 0 && i != best + best_length;
        used += (size_t)snprintf(out + used, room - used, "%s%x", colon ? ":" : "",
                                 (unsigned)data[2 * i] << 8 | data[2 * i + 1]);
        i++;
    }
    return used;
}

struct value etw_ipv6(const uint8_t *data, struct arena *arena)
{
    char *out = arena_take(arena, ADDRESS_ROOM);
    return out != NULL ? text_of(out, put_ipv6(out, ADDRESS_ROOM, data)) : nothing;
}

struct value etw_socket_address(const uint8_t *data, size_t size, struct arena *arena)
{
    const unsigned family = size >= 2 ? load_u16(data) : 0;
    const unsigned port = size >= 4 ? (unsigned)data[2] << 8 | data[3] : 0;
    char *out = arena_take(arena, ADDRESS_ROOM);
    int used = 0;
    if (out == NULL) {
        return nothing;
    }
    if (family == FAMILY_INET && size >= INET_SIZE) {
        used =
            snprintf(out, ADDRESS_ROOM, "%u.%u.%u.%u:%u", data[4], data[5], data[6], data[7], port);
    } else if (family == FAMILY_INET6 && size >= INET6_SIZE) {
        out[0] = '[';
        used = 1 + (int)put_ipv6(out + 1, ADDRESS_ROOM - 1, data + 8);
        used += snprintf(out + used, ADDRESS_ROOM - (size_t)used, "]:%u", port);
    } else {
        return (struct value){
            .type = VALUE_BYTES, .as.bytes = {.data = data, .size = size}
        };
    }
    return text_of(out, (size_t)used);
}

static const char *name_of(const struct etw_map *map, uint64_t number)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (map->entries[i].value == number) {
            return map->entries[i].text;
        }
    }
    return NULL;
}

static char *put_name(char *at, const char *name)
{
    while (*name != '\0') {
        *at++ = *name++;
    }
    return at;
}

/* The names of the bits that are set, with | between them, and what has no name as a number. */
static struct value bits_value(const struct etw_map *map, uint64_t number, struct arena *arena)
{
    enum { REST_ROOM = 24 };
    size_t room = REST_ROOM;
    uint64_t named = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        room += strlen(map->entries[i].text) + 1;
    }
    char *out = arena_take(arena, room);
    if (out == NULL) {
        return nothing;
    }
    char *at = out;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct etw_map_entry *entry = &map->entries[i];
        if (entry->value != 0 && (number & entry->value) == entry->value) {
            at = put_name(at, at != out ? "|" : "");
            at = put_name(at, entry->text);
            named |= entry->value;
        }
    }
    const uint64_t rest = number & ~named;
    if (at == out) {
        const char *name = name_of(map, number);
        return name != NULL ? text_of(name, strlen(name))
                            : (struct value){.type = VALUE_HEX, .as.u = number};
    }
    if (rest != 0) {
        at += snprintf(at, REST_ROOM, "|0x%llx", (unsigned long long)rest);
    }
    return text_of(out, (size_t)(at - out));
}

struct value etw_mapped(const struct etw_map *map, uint64_t number, struct arena *arena)
{
    if (map->is_bits) {
        return bits_value(map, number, arena);
    }
    const char *name = name_of(map, number);
    return name != NULL ? text_of(name, strlen(name))
                        : (struct value){.type = VALUE_UINT, .as.u = number};
}
