/* SPDX-License-Identifier: MIT */
#include "monitor/forward/srv.h"

#include <stdbool.h>
#include <string.h>

enum {
    HEADER_SIZE = 12,
    FLAG_RESPONSE = 0x8000,
    FLAG_CUT = 0x0200, /* what is left of it still counts */
    CODE_MASK = 0x000f,
    CODE_NO_NAME = 3,
    TYPE_SRV = 33,
    CLASS_IN = 1,
    MAX_JUMPS = 32,
    LABEL_MAX = 63,
};

struct reader {
    const uint8_t *data;
    size_t size;
    size_t at;
    bool bad;
};

static uint16_t take_u16(struct reader *reader)
{
    if (reader->bad || reader->size - reader->at < 2) {
        reader->bad = true;
        return 0;
    }
    const uint8_t *at = reader->data + reader->at;
    reader->at += 2;
    return (uint16_t)((unsigned)at[0] << 8 | at[1]);
}

static void skip(struct reader *reader, size_t size)
{
    if (reader->bad || reader->size - reader->at < size) {
        reader->bad = true;
        return;
    }
    reader->at += size;
}

/* Passes over a name without following it. */
static void skip_name(struct reader *reader)
{
    while (!reader->bad && reader->at < reader->size) {
        const uint8_t length = reader->data[reader->at];
        if (length == 0) {
            reader->at++;
            return;
        }
        if (length > LABEL_MAX) {
            skip(reader, 2);
            return;
        }
        skip(reader, (size_t)length + 1);
    }
    reader->bad = true;
}

static bool is_host_letter(uint8_t letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
}

/* A label of a host's name behind what is there; false: it does not fit, or is of no host. */
static bool add_label(char name[SRV_TARGET_SIZE], size_t *used, const uint8_t *label, size_t size)
{
    if (SRV_TARGET_SIZE - *used < size + 2) {
        return false;
    }
    if (*used > 0) {
        name[(*used)++] = '.';
    }
    for (size_t i = 0; i < size; i++) {
        if (!is_host_letter(label[i])) {
            return false;
        }
        const bool upper = label[i] >= 'A' && label[i] <= 'Z';
        name[(*used)++] = (char)(upper ? label[i] - 'A' + 'a' : label[i]);
    }
    name[*used] = 0;
    return true;
}

/* The name at `at`; compression is followed, though RFC 2782 forbids it here. */
static bool read_name(const struct reader *reader, size_t at, char name[SRV_TARGET_SIZE])
{
    size_t used = 0;
    name[0] = 0;
    for (int jumps = 0; jumps < MAX_JUMPS && at < reader->size;) {
        const uint8_t length = reader->data[at];
        if (length == 0) {
            return true;
        }
        if (length >= 0xc0 && reader->size - at < 2) {
            return false;
        }
        if (length >= 0xc0) {
            at = (size_t)(length & 0x3fU) << 8 | reader->data[at + 1];
            jumps++;
            continue;
        }
        if (length > LABEL_MAX || reader->size - at - 1 < length ||
            !add_label(name, &used, reader->data + at + 1, length)) {
            return false;
        }
        at += (size_t)length + 1;
    }
    return false;
}

static void insert(struct srv_record records[SRV_MAX], uint16_t priorities[SRV_MAX], size_t *count,
                   const struct srv_record *record, uint16_t priority)
{
    size_t at = *count;
    while (at > 0 && priorities[at - 1] > priority) {
        at--;
    }
    if (*count == SRV_MAX) {
        return;
    }
    memmove(records + at + 1, records + at, (*count - at) * sizeof records[0]);
    memmove(priorities + at + 1, priorities + at, (*count - at) * sizeof priorities[0]);
    records[at] = *record;
    priorities[at] = priority;
    (*count)++;
}

/* One resource record; what is no SRV record, such as a CNAME before them, is passed over. */
static bool take_record(struct reader *reader, struct srv_record *record, uint16_t *priority)
{
    skip_name(reader);
    const uint16_t type = take_u16(reader);
    const uint16_t class = take_u16(reader);
    skip(reader, 4); /* time to live */
    const uint16_t size = take_u16(reader);
    const size_t start = reader->at;
    skip(reader, size);
    if (reader->bad || type != TYPE_SRV || class != CLASS_IN) {
        return false;
    }
    struct reader data = {.data = reader->data, .size = reader->at, .at = start};
    *priority = take_u16(&data);
    skip(&data, 2); /* weight: all instances get everything */
    record->port = take_u16(&data);
    if (data.bad || record->port == 0) {
        return false;
    }
    /* A compressed name may point to anywhere before. */
    const struct reader whole = {.data = reader->data, .size = reader->size};
    return read_name(&whole, data.at, record->target) && record->target[0] != 0;
}

enum etwas_status srv_parse(const uint8_t *answer, size_t size, struct srv_record records[SRV_MAX],
                            size_t *count)
{
    struct reader reader = {.data = answer, .size = size};
    uint16_t priorities[SRV_MAX];
    *count = 0;
    skip(&reader, 2);
    const uint16_t flags = take_u16(&reader);
    const uint16_t questions = take_u16(&reader);
    const uint16_t answers = take_u16(&reader);
    skip(&reader, HEADER_SIZE - 8);
    if (reader.bad || (flags & FLAG_RESPONSE) == 0) {
        return ETWAS_MALFORMED;
    }
    if ((flags & CODE_MASK) != 0) {
        return (flags & CODE_MASK) == CODE_NO_NAME ? ETWAS_NOT_FOUND : ETWAS_AGAIN;
    }
    for (unsigned i = 0; i < questions && !reader.bad; i++) {
        skip_name(&reader);
        skip(&reader, 4);
    }
    for (unsigned i = 0; i < answers && !reader.bad; i++) {
        struct srv_record record;
        uint16_t priority = 0;
        if (take_record(&reader, &record, &priority)) {
            insert(records, priorities, count, &record, priority);
        }
    }
    if (reader.bad && (flags & FLAG_CUT) == 0) {
        return ETWAS_MALFORMED;
    }
    return *count == 0 ? ETWAS_NOT_FOUND : ETWAS_OK;
}
