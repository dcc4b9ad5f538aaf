/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "policy/signature.h"
#include "policy/signature_text.h"

/* A line end in a value would be a line of the base that nobody signed as such. */
static bool is_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((*text < ' ' && *text != '\t') || *text > '~') {
            return false;
        }
    }
    return true;
}

static enum etwas_status put(struct text_room *room, const char *text)
{
    if (text == NULL) {
        return ETWAS_NOT_FOUND;
    }
    if (!is_clean(text)) {
        return ETWAS_MALFORMED;
    }
    text_puts(room, text);
    return ETWAS_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static enum etwas_status put_trimmed(struct text_room *room, const char *text)
{
    if (!is_clean(text)) {
        return ETWAS_MALFORMED;
    }
    while (is_blank(*text)) {
        text++;
    }
    size_t size = strlen(text);
    while (size > 0 && is_blank(text[size - 1])) {
        size--;
    }
    text_put(room, text, size);
    return ETWAS_OK;
}

/* All headers of that name, in their order. */
static enum etwas_status put_header(struct text_room *room, const struct signature_message *message,
                                    const char *name)
{
    bool found = false;
    for (size_t i = 0; i < message->header_count; i++) {
        const struct signature_header *header = &message->headers[i];
        if (strcmp(header->name, name) != 0) {
            continue;
        }
        text_puts(room, found ? ", " : "");
        if (put_trimmed(room, header->value) != ETWAS_OK) {
            return ETWAS_MALFORMED;
        }
        found = true;
    }
    return found ? ETWAS_OK : ETWAS_NOT_FOUND;
}

static const char *path_of(const struct signature_message *message)
{
    return message->path != NULL && message->path[0] == '\0' ? "/" : message->path;
}

static enum etwas_status put_target(struct text_room *room, const struct signature_message *message)
{
    const char *parts[] = {message->scheme, "://", message->authority, path_of(message),
                           message->query != NULL ? message->query : ""};
    enum etwas_status status = ETWAS_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == ETWAS_OK; i++) {
        status = put(room, parts[i]);
    }
    return status;
}

static enum etwas_status put_value(struct text_room *room, const struct signature_message *message,
                                   const char *name)
{
    if (name[0] != '@') {
        return put_header(room, message, name);
    }
    if (strcmp(name, "@method") == 0) {
        return put(room, message->method);
    }
    if (strcmp(name, "@authority") == 0) {
        return put(room, message->authority);
    }
    if (strcmp(name, "@path") == 0) {
        return put(room, path_of(message));
    }
    if (strcmp(name, "@query") == 0) {
        return put(room, message->query != NULL ? message->query : "?");
    }
    if (strcmp(name, "@scheme") == 0) {
        return put(room, message->scheme);
    }
    return strcmp(name, "@target-uri") == 0 ? put_target(room, message) : ETWAS_NOT_FOUND;
}

enum etwas_status signature_base(const struct signature_message *message,
                                 const struct signature_input *input, char *base, size_t room,
                                 size_t *size)
{
    *size = 0;
    if (room == 0) {
        return ETWAS_TOO_BIG;
    }
    struct text_room text = text_room_of(base, room);
    for (size_t i = 0; i < input->component_count; i++) {
        text_puts(&text, "\"");
        text_puts(&text, input->components[i]);
        text_puts(&text, "\": ");
        const enum etwas_status status = put_value(&text, message, input->components[i]);
        if (status != ETWAS_OK) {
            return status;
        }
        text_puts(&text, "\n");
    }
    text_puts(&text, "\"@signature-params\": ");
    text_puts(&text, input->parameters);
    *size = text_size(&text);
    return *size != 0 ? ETWAS_OK : ETWAS_TOO_BIG;
}
