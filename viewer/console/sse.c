/* SPDX-License-Identifier: MIT */
#include "viewer/console/sse.h"

#include <stdlib.h>
#include <string.h>

/* A line holds a field's name beside the data. */
enum { FIRST_CAPACITY = 4096, MAX_LINE = SSE_MAX_DATA + 64 };

void sse_init(struct sse *sse)
{
    *sse = (struct sse){0};
}

void sse_clear(struct sse *sse)
{
    free(sse->data.data);
    free(sse->line.data);
    *sse = (struct sse){.handle = sse->handle, .context = sse->context};
}

static void forget_event(struct sse *sse)
{
    sse->data.size = 0;
    sse->has_data = false;
    sse->too_big = false;
    sse->type[0] = 0;
}

void sse_restart(struct sse *sse)
{
    forget_event(sse);
    sse->line.size = 0;
    sse->line_lost = false;
    sse->after_cr = false;
    sse->began = false;
    sse->id[0] = 0;
    sse->retry_ms = 0;
}

enum grown { GROWN, GROWN_TOO_BIG, GROWN_NO_MEMORY };

/* Appends to a buffer that grows by doubling, up to `maximum` bytes. */
static enum grown append(struct sse_buffer *buffer, const char *bytes, size_t size, size_t maximum)
{
    if (size > maximum || buffer->size > maximum - size) {
        return GROWN_TOO_BIG;
    }
    if (size > buffer->capacity - buffer->size) {
        size_t room = buffer->capacity == 0 ? FIRST_CAPACITY : buffer->capacity;
        while (room < buffer->size + size) {
            room *= 2;
        }
        char *grown = realloc(buffer->data, room);
        if (grown == NULL) {
            return GROWN_NO_MEMORY;
        }
        buffer->data = grown;
        buffer->capacity = room;
    }
    if (size != 0) {
        memcpy(buffer->data + buffer->size, bytes, size);
        buffer->size += size;
    }
    return GROWN;
}

static enum sse_result add_data(struct sse *sse, const char *value, size_t size)
{
    enum grown grown = GROWN;
    if (sse->has_data) {
        grown = append(&sse->data, "\n", 1, SSE_MAX_DATA);
    }
    sse->has_data = true;
    if (grown == GROWN) {
        grown = append(&sse->data, value, size, SSE_MAX_DATA);
    }
    if (grown == GROWN_TOO_BIG) {
        sse->too_big = true;
    }
    return grown == GROWN_NO_MEMORY ? SSE_NO_MEMORY : SSE_MORE;
}

/* What does not fit is nobody's type or id. */
static void set_name(char name[SSE_MAX_NAME], const char *value, size_t size)
{
    if (size < SSE_MAX_NAME && memchr(value, 0, size) == NULL) {
        memcpy(name, value, size);
        name[size] = 0;
    }
}

static void set_retry(struct sse *sse, const char *value, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        if (value[i] < '0' || value[i] > '9' || i == 9) {
            return;
        }
        number = number * 10 + (uint64_t)(value[i] - '0');
    }
    sse->retry_ms = number;
}

static bool is_field(const char *line, size_t size, const char *name)
{
    return size == strlen(name) && memcmp(line, name, size) == 0;
}

static enum sse_result take_field(struct sse *sse, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    const size_t name = colon == NULL ? size : (size_t)(colon - line);
    const char *value = colon == NULL ? line + size : colon + 1;
    size_t value_size = colon == NULL ? 0 : size - name - 1;
    if (value_size != 0 && *value == ' ') {
        value++;
        value_size--;
    }
    if (is_field(line, name, "data")) {
        return add_data(sse, value, value_size);
    }
    if (is_field(line, name, "id")) {
        set_name(sse->id, value, value_size);
    } else if (is_field(line, name, "event")) {
        set_name(sse->type, value, value_size);
    } else if (is_field(line, name, "retry") && value_size != 0) {
        set_retry(sse, value, value_size);
    }
    return SSE_MORE;
}

static enum sse_result hand_over(struct sse *sse)
{
    bool goes_on = true;
    if (sse->has_data) {
        struct sse_event event = {
            .type = sse->type[0] == 0 ? "message" : sse->type,
            .id = sse->id,
        };
        if (!sse->too_big) {
            event.data = sse->data.size == 0 ? "" : sse->data.data;
            event.size = sse->data.size;
        }
        goes_on = sse->handle(sse->context, &event);
    }
    forget_event(sse);
    return goes_on ? SSE_MORE : SSE_STOPPED;
}

/* A line without its end. */
static enum sse_result take_line(struct sse *sse, const char *line, size_t size)
{
    static const char MARK[] = {'\xef', '\xbb', '\xbf'};
    if (!sse->began) {
        sse->began = true;
        if (size >= sizeof MARK && memcmp(line, MARK, sizeof MARK) == 0) {
            line += sizeof MARK;
            size -= sizeof MARK;
        }
    }
    return size == 0 ? hand_over(sse) : take_field(sse, line, size);
}

/* Keeps the beginning of a line; of one that is too large only its first character. */
static enum sse_result keep(struct sse *sse, const char *bytes, size_t size)
{
    if (sse->line.size == 0 && size != 0 && !sse->line_lost) {
        sse->line_first = *bytes;
    }
    if (sse->line_lost) {
        return SSE_MORE;
    }
    switch (append(&sse->line, bytes, size, MAX_LINE)) {
    case GROWN:
        return SSE_MORE;
    case GROWN_TOO_BIG:
        sse->line_lost = true;
        return SSE_MORE;
    case GROWN_NO_MEMORY:
        break;
    }
    return SSE_NO_MEMORY;
}

/* The rest of a line has come, `bytes`; what came before of it is kept. */
static enum sse_result end_line(struct sse *sse, const char *bytes, size_t size)
{
    if (sse->line.size == 0 && !sse->line_lost) {
        return take_line(sse, bytes, size);
    }
    enum sse_result result = keep(sse, bytes, size);
    if (result == SSE_MORE && sse->line_lost) {
        if (sse->line_first == 'd') { /* no other field is that long */
            sse->has_data = true;
            sse->too_big = true;
        }
    } else if (result == SSE_MORE) {
        result = take_line(sse, sse->line.data, sse->line.size);
    }
    sse->line.size = 0;
    sse->line_lost = false;
    return result;
}

static size_t end_of_line(const char *bytes, size_t size)
{
    const char *feed = memchr(bytes, '\n', size);
    const size_t until = feed == NULL ? size : (size_t)(feed - bytes);
    const char *carriage = memchr(bytes, '\r', until);
    return carriage == NULL ? until : (size_t)(carriage - bytes);
}

enum sse_result sse_feed(struct sse *sse, const char *bytes, size_t size)
{
    enum sse_result result = SSE_MORE;
    while (size != 0 && result == SSE_MORE) {
        if (sse->after_cr && *bytes == '\n') {
            sse->after_cr = false;
            bytes++;
            size--;
            continue;
        }
        sse->after_cr = false;
        const size_t line = end_of_line(bytes, size);
        if (line == size) {
            return keep(sse, bytes, size);
        }
        sse->after_cr = bytes[line] == '\r';
        result = end_line(sse, bytes, line);
        bytes += line + 1;
        size -= line + 1;
    }
    return result;
}
