/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "ipc/field.h"
#include "policy/signature.h"
#include "policy/signature_text.h"

/*
 * RFC 8941 lets the last of several with one name win. Here none may come twice: what a proxy or
 * another library would take for the first one must not be another for us.
 */

enum { MAX_SIGNATURES = 16, MAX_PARAMETERS = 16 };

static bool is_among(const struct field_value *name, const struct field_value *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].size == name->size && memcmp(names[i].data, name->data, name->size) == 0) {
            return true;
        }
    }
    return false;
}

/* Lower case, so that each component has one name; derived ones begin with "@". */
static bool is_component(const char *name)
{
    const char *at = name + (name[0] == '@');
    bool good = at[0] != '\0' && strcmp(name, "@signature-params") != 0;
    for (; *at != '\0' && good; at++) {
        good = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') ||
               strchr("!#$%&'*+-.^_`|~", *at) != NULL;
    }
    return good;
}

static enum etwas_status take_component(const struct field_value *item,
                                        struct signature_input *input)
{
    if (item->type != FIELD_STRING || item->parameters_size != 0) {
        return ETWAS_MALFORMED;
    }
    if (input->component_count == SIGNATURE_MAX_COMPONENTS) {
        return ETWAS_TOO_BIG;
    }
    char *name = input->components[input->component_count];
    const enum etwas_status status = field_copy(item, name, sizeof input->components[0]);
    for (size_t i = 0; i < input->component_count && status == ETWAS_OK; i++) {
        if (strcmp(input->components[i], name) == 0) {
            return ETWAS_MALFORMED;
        }
    }
    if (status != ETWAS_OK || !is_component(name)) {
        return status != ETWAS_OK ? status : ETWAS_MALFORMED;
    }
    input->component_count++;
    return ETWAS_OK;
}

static void put_components(struct text_room *room, const struct signature_input *input)
{
    text_puts(room, "(");
    for (size_t i = 0; i < input->component_count; i++) {
        text_puts(room, i == 0 ? "\"" : " \"");
        text_puts(room, input->components[i]);
        text_puts(room, "\"");
    }
    text_puts(room, ")");
}

static void put_decimal(struct text_room *room, int64_t thousandths)
{
    const int64_t size = thousandths < 0 ? -thousandths : thousandths;
    char fraction[] = {'.', (char)('0' + size % 1000 / 100), (char)('0' + size % 100 / 10),
                       (char)('0' + size % 10), '\0'};
    for (size_t i = 3; i > 1 && fraction[i] == '0'; i--) {
        fraction[i] = '\0';
    }
    text_puts(room, thousandths < 0 ? "-" : "");
    text_put_number(room, size / 1000);
    text_puts(room, fraction);
}

/* As RFC 8941 serializes it: the one way in which a value can be written. */
static void put_parameter(struct text_room *room, const struct field_value *name,
                          const struct field_value *value)
{
    const char *around = value->type == FIELD_STRING ? "\"" : value->type == FIELD_BYTES ? ":" : "";
    text_puts(room, ";");
    text_put(room, name->data, name->size);
    if (value->type == FIELD_BOOLEAN) {
        text_puts(room, value->number != 0 ? "" : "=?0");
        return;
    }
    text_puts(room, "=");
    if (value->type == FIELD_INTEGER) {
        text_put_number(room, value->number);
    } else if (value->type == FIELD_DECIMAL) {
        put_decimal(room, value->number);
    } else {
        text_puts(room, around);
        text_put(room, value->data, value->size);
        text_puts(room, around);
    }
}

static enum etwas_status take_time(const struct field_value *value, int64_t *time)
{
    *time = value->number;
    return value->type == FIELD_INTEGER && value->number >= 0 ? ETWAS_OK : ETWAS_MALFORMED;
}

static enum etwas_status take_text(const struct field_value *value, char *text, size_t room)
{
    return value->type == FIELD_STRING ? field_copy(value, text, room) : ETWAS_MALFORMED;
}

static enum etwas_status take_parameter(const struct field_value *name,
                                        const struct field_value *value,
                                        struct signature_input *input)
{
    if (field_is(name, "created")) {
        return take_time(value, &input->created);
    }
    if (field_is(name, "expires")) {
        return take_time(value, &input->expires);
    }
    if (field_is(name, "nonce")) {
        return take_text(value, input->nonce, sizeof input->nonce);
    }
    if (field_is(name, "keyid")) {
        return take_text(value, input->key_id, sizeof input->key_id);
    }
    if (field_is(name, "alg")) {
        return take_text(value, input->algorithm, sizeof input->algorithm);
    }
    if (field_is(name, "tag")) {
        return take_text(value, input->tag, sizeof input->tag);
    }
    return ETWAS_OK;
}

static enum etwas_status take_parameters(const struct field_value *list, struct text_room *room,
                                         struct signature_input *input)
{
    struct field_walker walker = field_parameters(list);
    struct field_value names[MAX_PARAMETERS];
    struct field_value value;
    size_t count = 0;
    enum etwas_status status = ETWAS_OK;
    while (status == ETWAS_OK && count < MAX_PARAMETERS &&
           field_parameter(&walker, &names[count], &value)) {
        status = is_among(&names[count], names, count)
                     ? ETWAS_MALFORMED
                     : take_parameter(&names[count], &value, input);
        put_parameter(room, &names[count], &value);
        count++;
    }
    if (status == ETWAS_OK && field_end(&walker) != ETWAS_OK) {
        status = ETWAS_TOO_BIG;
    }
    return status;
}

static enum etwas_status take_signature(const struct field_value *label,
                                        const struct field_value *list,
                                        struct signature_input *input)
{
    struct field_walker walker = field_list(list);
    struct field_value item;
    *input = (struct signature_input){.created = -1, .expires = -1};
    enum etwas_status status = field_copy(label, input->label, sizeof input->label);
    while (status == ETWAS_OK && field_item(&walker, &item)) {
        status = take_component(&item, input);
    }
    struct text_room room = text_room_of(input->parameters, sizeof input->parameters);
    put_components(&room, input);
    if (status == ETWAS_OK) {
        status = take_parameters(list, &room, input);
    }
    return status == ETWAS_OK && text_size(&room) == 0 ? ETWAS_TOO_BIG : status;
}

/* The last "tag" among the parameters: a second one is refused when its turn comes. */
static bool has_our_tag(const struct field_value *list)
{
    struct field_walker walker = field_parameters(list);
    struct field_value name;
    struct field_value value;
    bool ours = false;
    while (field_parameter(&walker, &name, &value)) {
        if (field_is(&name, "tag")) {
            ours = value.type == FIELD_STRING && field_is(&value, SIGNATURE_TAG);
        }
    }
    return ours;
}

enum etwas_status signature_input_parse(const char *text, size_t size,
                                        struct signature_input *input)
{
    if (size > SIGNATURE_MAX_INPUT) {
        return ETWAS_TOO_BIG;
    }
    struct field_walker walker = field_dictionary(text, size);
    struct field_value labels[MAX_SIGNATURES];
    struct field_value list;
    struct field_value chosen = {.size = 0};
    size_t count = 0;
    size_t chosen_index = 0;
    bool ours = false;
    while (count < MAX_SIGNATURES && field_member(&walker, &labels[count], &list)) {
        if (list.type != FIELD_LIST || is_among(&labels[count], labels, count)) {
            return ETWAS_MALFORMED;
        }
        if (count == 0 || (!ours && has_our_tag(&list))) {
            chosen = list;
            chosen_index = count;
            ours = has_our_tag(&list);
        }
        count++;
    }
    if (count == 0 || field_end(&walker) != ETWAS_OK) {
        return count == MAX_SIGNATURES ? ETWAS_TOO_BIG : ETWAS_MALFORMED;
    }
    return take_signature(&labels[chosen_index], &chosen, input);
}

static enum etwas_status decode(const struct field_value *value, uint8_t bytes[SIGNATURE_SIZE])
{
    size_t decoded = 0;
    const bool good = sodium_base642bin(bytes, SIGNATURE_SIZE, value->data, value->size, NULL,
                                        &decoded, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
                      decoded == SIGNATURE_SIZE;
    return good ? ETWAS_OK : ETWAS_MALFORMED;
}

/* 64 bytes of the one member of a dictionary of bytes that is called `name`. */
static enum etwas_status find_bytes(const char *text, size_t size, const char *name,
                                    uint8_t bytes[SIGNATURE_SIZE])
{
    if (size > SIGNATURE_MAX_INPUT) {
        return ETWAS_TOO_BIG;
    }
    struct field_walker walker = field_dictionary(text, size);
    struct field_value label;
    struct field_value value;
    struct field_value found = {.data = NULL};
    while (field_member(&walker, &label, &value)) {
        const bool meant = field_is(&label, name);
        if (value.type != FIELD_BYTES || (meant && found.data != NULL)) {
            return ETWAS_MALFORMED;
        }
        found = meant ? value : found;
    }
    if (field_end(&walker) != ETWAS_OK) {
        return ETWAS_MALFORMED;
    }
    return found.data == NULL ? ETWAS_NOT_FOUND : decode(&found, bytes);
}

enum etwas_status signature_value_parse(const char *text, size_t size, const char *label,
                                        uint8_t signature[SIGNATURE_SIZE])
{
    return find_bytes(text, size, label, signature);
}

enum etwas_status signature_digest_parse(const char *text, size_t size,
                                         uint8_t hash[SIGNATURE_DIGEST_SIZE])
{
    return find_bytes(text, size, "sha-512", hash);
}
