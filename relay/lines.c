/* SPDX-License-Identifier: MIT */
#include "relay/lines.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "ipc/json.h"
#include "relay/identity.h"
#include "relay/moment.h"

enum {
    KEPT_TEXT = 1024 * 1024, /* bytes that stay from one batch to the next; few need more */
    KEPT_LINES = 8 * 1024,
    FIRST_LINES = 1024,
    WINDOW_LOG = 23, /* 8 MiB, what RFC 8878 wants of everybody and no monitor of ours uses */
    MAGIC_SIZE = 4,
};

static enum etwas_status fail(struct etwas_error *error, enum etwas_status status,
                              const char *doing)
{
    *error = (struct etwas_error){.status = status, .doing = doing};
    return status;
}

void lines_init(struct lines *lines)
{
    *lines = (struct lines){.text = NULL};
}

void lines_clear(struct lines *lines)
{
    (void)ZSTD_freeDCtx(lines->unpacker);
    free(lines->text);
    free(lines->lines);
    lines_init(lines);
}

/* For the next batch. What a huge one needed is given back. */
static void start(struct lines *lines)
{
    if (lines->text_capacity > KEPT_TEXT) {
        free(lines->text);
        lines->text = NULL;
        lines->text_capacity = 0;
    }
    if (lines->line_capacity > KEPT_LINES) {
        free(lines->lines);
        lines->lines = NULL;
        lines->line_capacity = 0;
    }
    lines->size = 0;
    lines->count = 0;
    lines->first = 0;
    lines->last = 0;
    lines->own = 0;
}

/* Room for `size` bytes of text in all. */
static enum etwas_status reserve_text(struct lines *lines, size_t size, struct etwas_error *error)
{
    if (size > BATCH_MAX_UNPACKED) {
        return fail(error, ETWAS_TOO_BIG, "unpacking a batch: more than 16 MiB");
    }
    if (size <= lines->text_capacity) {
        return ETWAS_OK;
    }
    size_t capacity = lines->text_capacity != 0 ? lines->text_capacity : BATCH_MAX_LINES;
    while (capacity < size) {
        capacity *= 2;
    }
    char *text = realloc(lines->text, capacity);
    if (text == NULL) {
        return fail(error, ETWAS_NO_MEMORY, "unpacking a batch");
    }
    lines->text = text;
    lines->text_capacity = capacity;
    return ETWAS_OK;
}

static enum etwas_status reserve_line(struct lines *lines, struct etwas_error *error)
{
    if (lines->count == LINES_MAX_COUNT) {
        return fail(error, ETWAS_TOO_BIG, "reading a batch: more than 65536 lines");
    }
    if (lines->count < lines->line_capacity) {
        return ETWAS_OK;
    }
    const size_t capacity = lines->line_capacity != 0 ? lines->line_capacity * 2 : FIRST_LINES;
    struct line *grown = realloc(lines->lines, capacity * sizeof *grown);
    if (grown == NULL) {
        return fail(error, ETWAS_NO_MEMORY, "reading a batch");
    }
    lines->lines = grown;
    lines->line_capacity = capacity;
    return ETWAS_OK;
}

/* --- lines --- */

/* The members of an event that mean something here. */
enum member { MEMBER_OTHER, MEMBER_TIME, MEMBER_PROVIDER, MEMBER_LEVEL, MEMBER_FORBIDDEN };

static const struct known_member {
    const char *name;
    size_t size;
    enum member member;
} known_members[] = {
    {"TimeCreated", 11, MEMBER_TIME     },
    {"Provider",    8,  MEMBER_PROVIDER },
    {"LevelValue",  10, MEMBER_LEVEL    },
    {"Computer",    8,  MEMBER_FORBIDDEN},
    {"Id",          2,  MEMBER_FORBIDDEN},
};

enum { KNOWN_MEMBERS = sizeof known_members / sizeof known_members[0] };

/* By size first: most names are of none of these. An escaped one may be any of them. */
static enum member member_of(const struct json_piece *name)
{
    for (size_t i = 0; i < KNOWN_MEMBERS; i++) {
        const struct known_member *known = &known_members[i];
        if (name->escaped
                ? json_is(name, known->name)
                : name->size == known->size && memcmp(name->data, known->name, known->size) == 0) {
            return known->member;
        }
    }
    return MEMBER_OTHER;
}

static const char *take_time(struct line *line, const struct json_piece *value)
{
    const bool good =
        value->type == JSON_IS_STRING && moment_parse(value->data, value->size, &line->time);
    return good ? NULL : "reading a line: TimeCreated is no time in UTC";
}

static const char *take_provider(const struct lines *lines, struct line *line,
                                 const struct json_piece *value)
{
    if (value->type != JSON_IS_STRING) {
        return "reading a line: Provider is no string";
    }
    line->provider_offset = (uint32_t)(value->data - lines->text);
    line->provider_size = (uint32_t)value->size;
    line->own = json_is(value, "Etwas");
    return NULL;
}

/* Level is a byte where there is one; what is none is a monitor's that will come. */
static const char *take_level(struct line *line, const struct json_piece *value)
{
    uint64_t level = 0;
    if (value->type == JSON_IS_NUMBER && json_u64(value, &level) && level < LINE_NO_LEVEL) {
        line->level = (uint8_t)level;
    }
    return NULL;
}

/* What is wrong with a member; NULL: nothing. */
static const char *take_member(const struct lines *lines, struct line *line, enum member member,
                               const struct json_piece *value)
{
    switch (member) {
    case MEMBER_TIME:
        return take_time(line, value);
    case MEMBER_PROVIDER:
        return take_provider(lines, line, value);
    case MEMBER_LEVEL:
        return take_level(line, value);
    case MEMBER_FORBIDDEN:
        return "reading a line: Computer and Id are the relay's to say";
    case MEMBER_OTHER:
        break;
    }
    return NULL;
}

/* Readers differ in which of two members of the same name they take. */
static const char *once(unsigned *seen, enum member member)
{
    const unsigned bit = 1U << member;
    const bool twice = (*seen & bit) != 0 && member != MEMBER_OTHER;
    *seen |= bit;
    return twice ? "reading a line: a member comes twice" : NULL;
}

/* The line's text is checked whole and `line` filled; what is wrong, or NULL. */
static const char *read_line(const struct lines *lines, struct line *line)
{
    const char *text = lines->text + line->offset;
    struct json_walker walker = json_walk_object(text, line->size);
    struct json_piece name;
    struct json_piece value;
    unsigned seen = 0;
    const char *wrong = NULL;
    while (wrong == NULL && json_member(&walker, &name, &value)) {
        const enum member member = member_of(&name);
        wrong = once(&seen, member);
        wrong = wrong != NULL ? wrong : take_member(lines, line, member, &value);
    }
    if (wrong == NULL && json_end(&walker) != ETWAS_OK) {
        wrong = "reading a line: no JSON object";
    }
    return wrong;
}

/* White space around the object is left out; within it may be none that ends a line elsewhere. */
static const char *trim(const char *text, struct line *line)
{
    const char *data = text + line->offset;
    size_t size = line->size;
    while (size > 0 &&
           (data[size - 1] == ' ' || data[size - 1] == '\t' || data[size - 1] == '\r')) {
        size--;
    }
    size_t skipped = 0;
    while (skipped < size && (data[skipped] == ' ' || data[skipped] == '\t')) {
        skipped++;
    }
    line->offset += (uint32_t)skipped;
    line->size = (uint32_t)(size - skipped);
    /* Server-Sent Events end a line at a carriage return, too. */
    const bool cut = size != 0 && memchr(data, '\r', size) != NULL;
    return cut ? "reading a line: a carriage return within" : NULL;
}

static void count_line(struct lines *lines, const struct line *line)
{
    if (line->time != 0) {
        lines->first = lines->first == 0 || line->time < lines->first ? line->time : lines->first;
        lines->last = line->time > lines->last ? line->time : lines->last;
    }
    lines->own += line->own ? 1 : 0;
    lines->count++;
}

static enum etwas_status take_line(struct lines *lines, size_t offset, size_t size,
                                   struct etwas_error *error)
{
    if (size > BATCH_MAX_LINE) {
        return fail(error, ETWAS_TOO_BIG, "reading a line: more than 1 MiB");
    }
    const enum etwas_status status = reserve_line(lines, error);
    if (status != ETWAS_OK) {
        return status;
    }
    struct line *line = &lines->lines[lines->count];
    *line =
        (struct line){.offset = (uint32_t)offset, .size = (uint32_t)size, .level = LINE_NO_LEVEL};
    const char *wrong = trim(lines->text, line);
    wrong = wrong != NULL ? wrong : read_line(lines, line);
    if (wrong != NULL) {
        return fail(error, ETWAS_MALFORMED, wrong);
    }
    count_line(lines, line);
    return ETWAS_OK;
}

static enum etwas_status take_lines(struct lines *lines, size_t *bad_line,
                                    struct etwas_error *error)
{
    size_t offset = 0;
    while (offset < lines->size) {
        const char *data = lines->text + offset;
        const char *mark = memchr(data, '\n', lines->size - offset);
        const size_t size = mark != NULL ? (size_t)(mark - data) : lines->size - offset;
        const enum etwas_status status = take_line(lines, offset, size, error);
        if (status != ETWAS_OK) {
            *bad_line = lines->count + 1;
            lines->count = 0;
            return status;
        }
        offset += size + (mark != NULL ? 1 : 0);
    }
    return ETWAS_OK;
}

enum etwas_status lines_check(struct lines *lines, const char *text, size_t size, size_t *bad_line,
                              struct etwas_error *error)
{
    *bad_line = 0;
    start(lines);
    const enum etwas_status status = reserve_text(lines, size, error);
    if (status != ETWAS_OK) {
        return status;
    }
    if (size != 0) {
        memcpy(lines->text, text, size);
    }
    lines->size = size;
    return take_lines(lines, bad_line, error);
}

/* --- compression --- */

static enum etwas_status make_unpacker(struct lines *lines, struct etwas_error *error)
{
    if (lines->unpacker == NULL) {
        lines->unpacker = ZSTD_createDCtx();
    }
    if (lines->unpacker == NULL) {
        return fail(error, ETWAS_NO_MEMORY, "unpacking a batch");
    }
    (void)ZSTD_DCtx_reset(lines->unpacker, ZSTD_reset_session_only);
    (void)ZSTD_DCtx_setParameter(lines->unpacker, ZSTD_d_windowLogMax, WINDOW_LOG);
    return ETWAS_OK;
}

/*
 * At the beginning of a frame. Frames to be skipped would be stored and never seen. Where the
 * frame says how much comes, there is room for it at once: zstd then needs no window of its own.
 */
static enum etwas_status start_frame(struct lines *lines, const ZSTD_inBuffer *input,
                                     struct etwas_error *error)
{
    static const uint8_t magic[MAGIC_SIZE] = {0x28, 0xb5, 0x2f, 0xfd};
    const uint8_t *frame = (const uint8_t *)input->src + input->pos;
    const size_t left = input->size - input->pos;
    if (left < MAGIC_SIZE || memcmp(frame, magic, MAGIC_SIZE) != 0) {
        return fail(error, ETWAS_MALFORMED, "unpacking a batch: no frame of zstd");
    }
    const unsigned long long content = ZSTD_getFrameContentSize(frame, left);
    if (content == ZSTD_CONTENTSIZE_ERROR) {
        return fail(error, ETWAS_MALFORMED, "unpacking a batch: no frame of zstd");
    }
    if (content == ZSTD_CONTENTSIZE_UNKNOWN) {
        return ETWAS_OK;
    }
    if (content > BATCH_MAX_UNPACKED - lines->size) {
        return fail(error, ETWAS_TOO_BIG, "unpacking a batch: more than 16 MiB");
    }
    return reserve_text(lines, lines->size + (size_t)content, error);
}

/*
 * One call of the unpacker. `*more`: what it would have next, 0 at the end of a frame. A full
 * buffer grows before; one byte is more than the limit allows, and then it is over.
 */
static enum etwas_status unpack_some(struct lines *lines, ZSTD_inBuffer *input, size_t *more,
                                     struct etwas_error *error)
{
    char spare = 0;
    const bool full = lines->size == BATCH_MAX_UNPACKED;
    enum etwas_status status = ETWAS_OK;
    if (!full && lines->size == lines->text_capacity) {
        status = reserve_text(lines, lines->size + 1, error);
    }
    if (status != ETWAS_OK) {
        return status;
    }
    ZSTD_outBuffer output = {.dst = full ? &spare : lines->text,
                             .size = full ? sizeof spare : lines->text_capacity,
                             .pos = full ? 0 : lines->size};
    const size_t before = output.pos;
    const size_t input_before = input->pos;
    *more = ZSTD_decompressStream(lines->unpacker, &output, input);
    if (ZSTD_isError(*more) != 0) {
        return fail(error, ETWAS_MALFORMED,
                    "unpacking a batch: damaged, or with too large a window");
    }
    if (full && output.pos != 0) {
        return fail(error, ETWAS_TOO_BIG, "unpacking a batch: more than 16 MiB");
    }
    lines->size = full ? lines->size : output.pos;
    if (*more != 0 && output.pos == before && input->pos == input_before) {
        return fail(error, ETWAS_MALFORMED, "unpacking a batch: its end is missing");
    }
    return ETWAS_OK;
}

static enum etwas_status unpack(struct lines *lines, const void *body, size_t size,
                                struct etwas_error *error)
{
    ZSTD_inBuffer input = {.src = body, .size = size, .pos = 0};
    enum etwas_status status = make_unpacker(lines, error);
    size_t more = 0;
    while (status == ETWAS_OK && (more != 0 || input.pos < input.size)) {
        if (more == 0) {
            status = start_frame(lines, &input, error);
        }
        if (status == ETWAS_OK) {
            status = unpack_some(lines, &input, &more, error);
        }
    }
    return status;
}

enum etwas_status lines_unpack(struct lines *lines, const void *body, size_t size, size_t *bad_line,
                               struct etwas_error *error)
{
    *bad_line = 0;
    start(lines);
    const enum etwas_status status = unpack(lines, body, size, error);
    if (status != ETWAS_OK) {
        lines->size = 0;
        return status;
    }
    return take_lines(lines, bad_line, error);
}

/* --- showing --- */

/* Appends as far as there is room; counts all. */
static size_t append(char *text, size_t room, size_t used, const char *data, size_t size)
{
    if (used < room && size != 0) {
        memcpy(text + used, data, size < room - used ? size : room - used);
    }
    return used + size;
}

size_t lines_show(const struct lines *lines, size_t index, struct lines_origin origin, char *text,
                  size_t room)
{
    assert(index < lines->count);
    const struct line *line = &lines->lines[index];
    const char *members = lines->text + line->offset + 1;
    char id[IDENTITY_SIZE];
    const size_t id_size =
        identity_format((struct identity){.row = origin.row, .index = (uint32_t)index + 1}, id);
    static const char head[] = "{\"Id\":\"";
    static const char middle[] = "\",\"Computer\":\"";
    size_t used = append(text, room, 0, head, sizeof head - 1);
    used = append(text, room, used, id, id_size);
    used = append(text, room, used, middle, sizeof middle - 1);
    used = append(text, room, used, origin.computer, strlen(origin.computer));
    /* An object without members has nothing to be parted from. */
    const size_t blanks = strspn(members, " \t");
    const bool empty = members[blanks] == '}';
    used = append(text, room, used, "\",", empty ? 1 : 2);
    return append(text, room, used, members, line->size - 1);
}
