/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <string.h>

#include "monitor/forward/roles.h"

/* Each place once, whatever way it is written in; what is none is passed over. */
static void add(const char *text, struct address list[ROLES_INSTANCES], size_t *count)
{
    struct address address;
    const char *problem = NULL;
    if (*count == ROLES_INSTANCES || address_parse(text, &address, &problem) != ETWAS_OK) {
        return;
    }
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(list[i].url, address.url) == 0) {
            return;
        }
    }
    list[(*count)++] = address;
}

static void add_endpoint(json_t *endpoint, struct address list[ROLES_INSTANCES], size_t *count)
{
    for (size_t i = 0; i < json_array_size(endpoint); i++) {
        const char *text = json_string_value(json_array_get(endpoint, i));
        if (text != NULL) {
            add(text, list, count);
        }
    }
}

static enum etwas_status add_role(json_t *endpoints, const struct role *role,
                                  struct address list[ROLES_INSTANCES], size_t *count)
{
    if (!json_is_object(endpoints)) {
        return ETWAS_NOT_FOUND;
    }
    if (role->endpoint[0] != 0) {
        json_t *endpoint = json_object_get(endpoints, role->endpoint);
        add_endpoint(endpoint, list, count);
        return endpoint == NULL ? ETWAS_NOT_FOUND : ETWAS_OK;
    }
    for (void *at = json_object_iter(endpoints); at != NULL;
         at = json_object_iter_next(endpoints, at)) {
        add_endpoint(json_object_iter_value(at), list, count);
    }
    return ETWAS_OK;
}

enum etwas_status roles_parse(const char *text, size_t size, const struct role *role,
                              struct address list[ROLES_INSTANCES], size_t *count)
{
    *count = 0;
    json_t *file = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    json_t *all = json_object_get(file, "roles");
    enum etwas_status status = ETWAS_MALFORMED;
    if (json_is_object(all)) {
        status = add_role(json_object_get(all, role->name), role, list, count);
    }
    json_decref(file);
    return status;
}
