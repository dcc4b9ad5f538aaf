/* SPDX-License-Identifier: MIT */
#include "monitor/spool/draft.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

/* The file of a draft is a segment whose bodies are not compressed: pieces of one batch. */
enum { DRAFT_MOST = 4 * 1024 * 1024 /* bytes of the file that are read */ };
static const char name[] = "draft";

void draft_clear(struct spool *spool)
{
    free(spool->draft.room);
    spool->draft = (struct draft){0};
}

static bool open_file(struct folder *folder)
{
    if (folder->draft >= 0) {
        return true;
    }
    return folder->folder >= 0 && (files_open(folder->folder, name, &folder->draft) == 0 ||
                                   files_make(folder->folder, name, &folder->draft) == 0);
}

/* The salt is another: what was written before is not read any more. */
static bool begin(struct spool *spool)
{
    struct draft *draft = &spool->draft;
    uint8_t head[SEGMENT_HEADER];
    struct segment_header header = {.number = spool->last.sequence + 1, .made_ms = files_utc_ms()};
    *draft = (struct draft){.room = draft->room, .room_size = draft->room_size};
    memcpy(header.stream, spool->stream, sizeof header.stream);
    randombytes_buf(&header.salt, sizeof header.salt);
    segment_put_header(head, &header);
    if (!open_file(&spool->folder) || files_write(spool->folder.draft, 0, head, sizeof head) != 0) {
        return false;
    }
    draft->sequence = header.number;
    draft->salt = header.salt;
    draft->at = sizeof head;
    return true;
}

static bool has_room(struct draft *draft, size_t size)
{
    if (size > draft->room_size) {
        uint8_t *room = realloc(draft->room, size);
        if (room == NULL) {
            return false;
        }
        draft->room = room;
        draft->room_size = size;
    }
    return true;
}

/* What the batch has that is not in the file. */
static void add_piece(struct spool *spool, const struct batch_head *head,
                      const struct source_position *position, const struct segment_body *lines)
{
    struct draft *draft = &spool->draft;
    const struct segment_body piece = {.data = (const char *)lines->data + draft->bytes,
                                       .size = lines->size - draft->bytes};
    const size_t size = segment_record_size(position->lane_count, piece.size);
    struct batch_head part = *head;
    part.count -= draft->count;
    part.own -= draft->own;
    if (piece.size > BATCH_MAX_SENT || !has_room(draft, size)) {
        return;
    }
    (void)segment_put_record(draft->room, &part, position, files_utc_ms(), &piece);
    segment_number(draft->room, draft->pieces + 1, draft->count - draft->own);
    segment_seal(draft->room, draft->salt);
    if (files_write(spool->folder.draft, draft->at, draft->room, size) == 0) {
        draft->pieces++;
        draft->at += size;
        draft->bytes = lines->size;
        draft->count = head->count;
        draft->own = head->own;
    }
}

void spool_draft(struct spool *spool, const struct batch_head *head,
                 const struct source_position *position, const void *lines, size_t size)
{
    const struct segment_body all = {.data = lines, .size = size};
    (void)pthread_mutex_lock(&spool->lock);
    const struct draft *draft = &spool->draft;
    const bool goes_on = draft->sequence == spool->last.sequence + 1 && draft->bytes <= size &&
                         draft->count <= head->count && draft->own <= head->own &&
                         spool->folder.draft >= 0;
    if (goes_on || begin(spool)) {
        add_piece(spool, head, position, &all);
    }
    (void)pthread_mutex_unlock(&spool->lock);
}

/* The pieces in a file's bytes, one behind the other; false: something is wrong with them. */
static bool join(const struct spool *spool, const uint8_t *data, size_t size,
                 struct spool_draft *found)
{
    struct segment_header header;
    struct segment_walk walk;
    struct segment_record record;
    if (segment_get_header(data, size, &header) != ETWAS_OK ||
        memcmp(header.stream, spool->stream, sizeof header.stream) != 0 ||
        header.number != spool->last.sequence + 1) {
        return false;
    }
    segment_walk_init(&walk, data, size, header.salt);
    while (segment_next(&walk, &record)) {
        if (walk.damaged != 0) {
            return false;
        }
        if (record.body_size != 0) {
            memcpy(found->lines + found->size, record.body, record.body_size);
        }
        found->size += record.body_size;
        record.head.count += found->head.count;
        record.head.own += found->head.own;
        found->head = record.head;
        segment_position(&record, &found->position);
    }
    return walk.sequence != 0;
}

bool draft_is_there(struct spool *spool)
{
    uint8_t head[SEGMENT_HEADER];
    struct segment_header header;
    return open_file(&spool->folder) &&
           files_read(spool->folder.draft, 0, head, sizeof head) == sizeof head &&
           segment_get_header(head, sizeof head, &header) == ETWAS_OK &&
           memcmp(header.stream, spool->stream, sizeof header.stream) == 0 &&
           header.number == spool->last.sequence + 1;
}

/* The file's bytes, at most so many of them. */
static uint8_t *load(struct spool *spool, size_t *size)
{
    if (!open_file(&spool->folder)) {
        return NULL;
    }
    const uint64_t there = files_size(spool->folder.draft);
    *size = there < DRAFT_MOST ? (size_t)there : DRAFT_MOST;
    uint8_t *data = malloc(*size + 1);
    if (data != NULL) {
        *size = files_read(spool->folder.draft, 0, data, *size);
    }
    return data;
}

bool spool_draft_take(struct spool *spool, struct spool_draft *found)
{
    size_t size = 0;
    *found = (struct spool_draft){.size = 0};
    (void)pthread_mutex_lock(&spool->lock);
    uint8_t *data = spool->usable ? load(spool, &size) : NULL;
    found->lines = data != NULL ? malloc(size + 1) : NULL;
    const bool good = found->lines != NULL && join(spool, data, size, found);
    (void)pthread_mutex_unlock(&spool->lock);
    free(data);
    if (!good) {
        spool_draft_free(found);
    }
    return good;
}

void spool_draft_free(struct spool_draft *draft)
{
    free(draft->lines);
    draft->lines = NULL;
}
