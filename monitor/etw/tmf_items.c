/* SPDX-License-Identifier: MIT */
#include "monitor/etw/tmf_items.h"

#include <string.h>

#include "monitor/event/arena.h"

enum { MAXIMUM_NAMES = 256, MAC_SIZE = 6, BITS = 32 };

/* WDK documentation, "What are the WPP extended format specification strings?", and defaultwpp.ini
 * of the WDK, whose types these are. */
static const struct {
    const char *name;
    uint16_t in_type;
    uint16_t out_type;
} items[] = {
    {"ItemString",     ETW_IN_ANSI,                    ETW_OUT_NULL       },
    {"ItemRString",    ETW_IN_ANSI,                    ETW_OUT_NULL       },
    {"ItemWString",    ETW_IN_UTF16,                   ETW_OUT_NULL       },
    {"ItemRWString",   ETW_IN_UTF16,                   ETW_OUT_NULL       },
    {"ItemPString",    ETW_IN_COUNTED_ANSI,            ETW_OUT_NULL       },
    {"ItemPWString",   ETW_IN_COUNTED_UTF16,           ETW_OUT_NULL       },
    {"ItemChar",       ETW_IN_ANSI_CHAR,               ETW_OUT_NULL       },
    {"ItemCharSign",   ETW_IN_INT8,                    ETW_OUT_NULL       },
    {"ItemCharShort",  ETW_IN_INT8,                    ETW_OUT_NULL       },
    {"ItemUChar",      ETW_IN_UINT8,                   ETW_OUT_NULL       },
    {"ItemShort",      ETW_IN_INT16,                   ETW_OUT_NULL       },
    {"ItemUShort",     ETW_IN_UINT16,                  ETW_OUT_NULL       },
    {"ItemInt",        ETW_IN_INT32,                   ETW_OUT_NULL       },
    {"ItemLong",       ETW_IN_INT32,                   ETW_OUT_NULL       },
    {"ItemULong",      ETW_IN_UINT32,                  ETW_OUT_NULL       },
    {"ItemULongX",     ETW_IN_HEX32,                   ETW_OUT_NULL       },
    {"ItemLongLong",   ETW_IN_INT64,                   ETW_OUT_NULL       },
    {"ItemULongLong",  ETW_IN_UINT64,                  ETW_OUT_NULL       },
    {"ItemLongLongX",  ETW_IN_HEX64,                   ETW_OUT_NULL       },
    {"ItemULongLongX", ETW_IN_HEX64,                   ETW_OUT_NULL       },
    {"ItemLongLongXX", ETW_IN_HEX64,                   ETW_OUT_NULL       },
    {"ItemLongLongO",  ETW_IN_UINT64,                  ETW_OUT_NULL       },
    {"ItemPtr",        ETW_IN_POINTER,                 ETW_OUT_NULL       },
    {"ItemDouble",     ETW_IN_DOUBLE,                  ETW_OUT_NULL       },
    {"ItemFloat",      ETW_IN_FLOAT,                   ETW_OUT_NULL       },
    {"ItemGuid",       ETW_IN_GUID,                    ETW_OUT_NULL       },
    {"ItemIID",        ETW_IN_GUID,                    ETW_OUT_NULL       },
    {"ItemCLSID",      ETW_IN_GUID,                    ETW_OUT_NULL       },
    {"ItemLIBID",      ETW_IN_GUID,                    ETW_OUT_NULL       },
    {"ItemTimestamp",  ETW_IN_FILETIME,                ETW_OUT_NULL       },
    {"ItemTimeDelta",  ETW_IN_INT64,                   ETW_OUT_NULL       },
    {"ItemWaitTime",   ETW_IN_INT64,                   ETW_OUT_NULL       },
    {"ItemNTSTATUS",   ETW_IN_UINT32,                  ETW_OUT_NTSTATUS   },
    {"ItemWINERROR",   ETW_IN_UINT32,                  ETW_OUT_WIN32_ERROR},
    {"ItemNTerror",    ETW_IN_UINT32,                  ETW_OUT_NTSTATUS   },
    {"ItemHRESULT",    ETW_IN_UINT32,                  ETW_OUT_HRESULT    },
    {"ItemIPAddr",     ETW_IN_UINT32,                  ETW_OUT_IPV4       },
    {"ItemIPV6Addr",   ETW_IN_BINARY,                  ETW_OUT_IPV6       },
    {"ItemPort",       ETW_IN_UINT16,                  ETW_OUT_PORT       },
    {"ItemMACAddr",    ETW_IN_BINARY,                  ETW_OUT_NULL       },
    {"ItemHEXDump",    ETW_IN_MANIFEST_COUNTED_BINARY, ETW_OUT_NULL       },
    {"ItemSid",        ETW_IN_SID,                     ETW_OUT_NULL       },
    {"ItemListByte",   ETW_IN_UINT8,                   ETW_OUT_NULL       },
    {"ItemListShort",  ETW_IN_UINT16,                  ETW_OUT_NULL       },
    {"ItemListLong",   ETW_IN_UINT32,                  ETW_OUT_NULL       },
    {"ItemSetByte",    ETW_IN_UINT8,                   ETW_OUT_NULL       },
    {"ItemSetShort",   ETW_IN_UINT16,                  ETW_OUT_NULL       },
    {"ItemSetLong",    ETW_IN_UINT32,                  ETW_OUT_NULL       },
};

static bool set_type(struct etw_field *field, const char *text, size_t size)
{
    static const char mac[] = "ItemMACAddr";
    size_t i = 0;
    while (i < sizeof items / sizeof items[0] &&
           (strlen(items[i].name) != size || memcmp(items[i].name, text, size) != 0)) {
        i++;
    }
    if (i == sizeof items / sizeof items[0]) {
        return false;
    }
    field->in_type = items[i].in_type;
    field->out_type = items[i].out_type;
    if (strcmp(items[i].name, mac) == 0) {
        field->length_from = ETW_EXTENT_FIXED;
        field->length = MAC_SIZE;
    }
    return true;
}

/* The length of the name at `text`, which ends with a comma or the list. */
static size_t name_size(const char *text, size_t size)
{
    size_t length = 0;
    while (length < size && text[length] != ',' && text[length] != ')') {
        length++;
    }
    return length;
}

/* "no,yes)": names of the numbers from 0 on, or of the bits. */
static bool set_map(struct etw_field *field, const char *text, size_t size, struct arena *arena)
{
    struct etw_map *map = arena_take(arena, sizeof *map);
    struct etw_map_entry *entries = arena_take(arena, MAXIMUM_NAMES * sizeof *entries);
    const bool is_bits = field->map != NULL;
    if (map == NULL || entries == NULL) {
        return false;
    }
    *map = (struct etw_map){.is_bits = is_bits, .entries = entries};
    const uint32_t most = is_bits ? BITS : MAXIMUM_NAMES;
    size_t at = 0;
    while (at < size && map->count < most) {
        const size_t length = name_size(text + at, size - at);
        char *name = arena_take(arena, length + 1);
        if (name == NULL) {
            return false;
        }
        memcpy(name, text + at, length);
        name[length] = '\0';
        entries[map->count] = (struct etw_map_entry){
            .value = is_bits ? UINT32_C(1) << map->count : map->count, .text = name};
        map->count++;
        at += length;
        if (at >= size || text[at] == ')') {
            break;
        }
        at++;
    }
    field->map = map;
    return true;
}

bool tmf_item_set(struct etw_field *field, const char *text, size_t size, struct arena *arena)
{
    static const struct etw_map bits = {.is_bits = true};
    static const char set[] = "ItemSet";
    size_t length = 0;
    while (length < size && text[length] != ' ' && text[length] != '(' && text[length] != '\t') {
        length++;
    }
    if (!set_type(field, text, length)) {
        return false;
    }
    if (length == size || text[length] != '(') {
        return true;
    }
    field->map = length >= sizeof set - 1 && memcmp(text, set, sizeof set - 1) == 0 ? &bits : NULL;
    return set_map(field, text + length + 1, size - length - 1, arena);
}
