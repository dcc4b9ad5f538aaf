/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "monitor/etw/classic.h"
#include "monitor/etw/schemas_parts.h"

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool same(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool find(const struct classic_group *group, const char *name, uint8_t *id)
{
    for (size_t i = 0; i < group->count; i++) {
        if (same(name, group->classes[i].name)) {
            memcpy(id, group->classes[i].id, SCHEMAS_ID_SIZE);
            return true;
        }
    }
    return false;
}

bool classic_id(const char *name, uint8_t id[SCHEMAS_ID_SIZE])
{
    return find(&classic_process, name, id) || find(&classic_io, name, id) ||
           find(&classic_config, name, id);
}
