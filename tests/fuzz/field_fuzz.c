/* SPDX-License-Identifier: MIT */
/*
 * The input is a structured field, a dictionary. A member that was taken can be walked to
 * its end, each value lies in the text, and what is copied is what was compared.
 */
#include <stdlib.h>
#include <string.h>

#include "ipc/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

static void look_at(const struct field_value *value)
{
    const size_t room = value->size + 1;
    char *text = malloc(room);
    require(text != NULL);
    const enum etwas_status status = field_copy(value, text, room);
    const bool is_text = value->type == FIELD_STRING || value->type == FIELD_TOKEN;
    require((status == ETWAS_OK) == is_text);
    if (is_text) {
        require(field_is(value, text));
        require(value->escaped == (strlen(text) != value->size));
        require(field_copy(value, text, strlen(text)) == ETWAS_TOO_BIG);
    }
    require(value->number <= 999999999999999 && value->number >= -999999999999999);
    free(text);
}

static void walk_parameters(const struct field_value *value)
{
    struct field_walker walker = field_parameters(value);
    struct field_value name;
    struct field_value one;
    while (field_parameter(&walker, &name, &one)) {
        look_at(&name);
        look_at(&one);
    }
    require(field_end(&walker) == ETWAS_OK);
}

static void walk_list(const struct field_value *list)
{
    struct field_walker walker = field_list(list);
    struct field_value item;
    while (field_item(&walker, &item)) {
        look_at(&item);
        walk_parameters(&item);
    }
    require(field_end(&walker) == ETWAS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    require(text != NULL);
    memcpy(text + 1, data, size);
    struct field_walker walker = field_dictionary(text + 1, size);
    struct field_value name;
    struct field_value value;
    while (field_member(&walker, &name, &value)) {
        require(value.data >= text + 1 && value.size <= size);
        require(value.data + value.size <= text + 1 + size);
        look_at(&name);
        look_at(&value);
        walk_parameters(&value);
        if (value.type == FIELD_LIST) {
            walk_list(&value);
        }
    }
    const enum etwas_status status = field_end(&walker);
    require((status == ETWAS_OK) == !walker.bad);
    free(text);
    return 0;
}
