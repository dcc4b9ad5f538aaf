/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

static void name_of(uint64_t number, char name[FILES_NAME])
{
    (void)snprintf(name, FILES_NAME, "%08" PRIx64 ".seg", number);
}

void shelf_release(struct shelf *shelf)
{
    if (atomic_fetch_sub(&shelf->users, 1) == 1) {
        free(shelf);
    }
}

/* The file and what is known of its inside; the summary stays. */
static void close_shelf(struct shelf *shelf)
{
    files_close(shelf->file);
    free(shelf->entries);
    shelf->file = -1;
    shelf->entries = NULL;
    shelf->entry_count = 0;
    shelf->entry_room = 0;
}

static struct shelf *add_shelf(struct spool *spool, uint64_t number)
{
    if (spool->shelf_count == spool->shelf_room) {
        const size_t room = spool->shelf_room * 2 + 16;
        struct shelf **shelves = realloc(spool->shelves, room * sizeof(struct shelf *));
        if (shelves == NULL) {
            return NULL;
        }
        spool->shelves = shelves;
        spool->shelf_room = room;
    }
    struct shelf *shelf = calloc(1, sizeof *shelf);
    if (shelf != NULL) {
        atomic_init(&shelf->users, 1);
        shelf->number = number;
        shelf->file = -1;
        spool->shelves[spool->shelf_count++] = shelf;
    }
    return shelf;
}

/* Not its file. */
static void take_out(struct spool *spool, size_t index)
{
    struct shelf *shelf = spool->shelves[index];
    cache_forget_shelf(spool, shelf);
    spool->used -= shelf->size;
    spool->shelf_count--;
    memmove(spool->shelves + index, spool->shelves + index + 1,
            (spool->shelf_count - index) * sizeof(struct shelf *));
    close_shelf(shelf);
    shelf_release(shelf);
}

void shelf_forget_all(struct spool *spool)
{
    while (spool->shelf_count != 0) {
        take_out(spool, spool->shelf_count - 1);
    }
}

bool shelf_remove(struct spool *spool, size_t index)
{
    const struct shelf *shelf = spool->shelves[index];
    char name[FILES_NAME];
    /* The stream's last numbers must be somewhere. */
    if (shelf->last == spool->last.sequence && !disk_state(spool, false)) {
        return false;
    }
    name_of(shelf->number, name);
    (void)files_remove(spool->folder.folder, name);
    take_out(spool, index);
    return true;
}

void shelf_entry_gone(struct shelf *shelf, struct entry *entry)
{
    entry->gone = true;
    shelf->keep = true;
    shelf->batches--;
    shelf->traced -= entry->traced;
    shelf->bytes -= entry->body;
}

size_t shelf_entry_behind(const struct shelf *shelf, uint64_t sequence)
{
    size_t low = 0;
    size_t high = shelf->entry_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (shelf->entries[middle].sequence <= sequence) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool entry_room(struct shelf *shelf)
{
    if (shelf->entry_count < shelf->entry_room) {
        return true;
    }
    const size_t room = shelf->entry_room * 2 + 64;
    struct entry *entries = realloc(shelf->entries, room * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    shelf->entries = entries;
    shelf->entry_room = room;
    return true;
}

/* There is room for it. */
static void add_entry(struct shelf *shelf, const struct entry *entry)
{
    shelf->entries[shelf->entry_count++] = *entry;
    shelf->last = entry->sequence;
    shelf->batches++;
    shelf->traced += entry->traced;
    shelf->bytes += entry->body;
    shelf->youngest_ms = entry->made_ms;
}

static bool add_record(struct shelf *shelf, const struct segment_record *record)
{
    if (!entry_room(shelf)) {
        return false;
    }
    const struct entry entry = {.sequence = record->head.sequence,
                                .before = record->head.books.before,
                                .made_ms = record->made_ms,
                                .offset = (uint32_t)record->offset,
                                .size = (uint32_t)record->size,
                                .body = (uint32_t)record->body_size,
                                .traced = (uint32_t)segment_traced(&record->head)};
    add_entry(shelf, &entry);
    return true;
}

/* What a segment's bytes say. `last`: of the last record, if wanted. */
static enum etwas_status read_records(struct shelf *shelf, struct segment_walk *walk,
                                      struct spool_past *last)
{
    struct segment_record record;
    shelf->last = shelf->prior_sequence;
    shelf->batches = shelf->traced = shelf->bytes = 0;
    shelf->entry_count = 0;
    walk->sequence = shelf->prior_sequence;
    walk->before = shelf->prior_before;
    while (segment_next(walk, &record)) {
        if (record.body != NULL && !add_record(shelf, &record)) {
            return ETWAS_NO_MEMORY;
        }
        shelf->last = record.head.sequence;
        if (last != NULL) {
            last->sequence = record.head.sequence;
            last->books = record.head.books;
            last->books.before = walk->before;
            segment_position(&record, &last->position);
        }
    }
    if (shelf->entries == NULL && !entry_room(shelf)) {
        return ETWAS_NO_MEMORY;
    }
    return ETWAS_OK;
}

/* Reads a segment whose file is open. MALFORMED: it is none of this stream. SYSTEM: not now. */
static enum etwas_status read_shelf(struct spool *spool, struct shelf *shelf,
                                    struct segment_walk *walk, struct spool_past *last)
{
    const uint64_t size = files_size(shelf->file);
    const size_t wanted = size < SEGMENT_FILE ? (size_t)size : SEGMENT_FILE;
    struct segment_header header;
    uint8_t *data = malloc(wanted + 1);
    if (data == NULL) {
        return ETWAS_NO_MEMORY;
    }
    const size_t got = files_read(shelf->file, 0, data, wanted);
    enum etwas_status status =
        got == wanted ? segment_get_header(data, got, &header) : ETWAS_SYSTEM;
    if (status == ETWAS_OK && memcmp(header.stream, spool->stream, BATCH_STREAM_SIZE) != 0) {
        status = ETWAS_MALFORMED;
    }
    if (status == ETWAS_OK) {
        shelf->salt = header.salt;
        segment_walk_init(walk, data, got, header.salt);
        status = read_records(shelf, walk, last);
        walk->uncertain = walk->uncertain || wanted < size;
    }
    walk->data = NULL;
    free(data);
    return status;
}

static size_t index_of(const struct spool *spool, const struct shelf *shelf)
{
    size_t index = 0;
    while (spool->shelves[index] != shelf) {
        index++;
    }
    return index;
}

/* It is written, holds what is nowhere else, or has what a sink gets next. */
static bool is_wanted(const struct spool *spool, size_t index)
{
    const struct shelf *shelf = spool->shelves[index];
    const uint64_t before = index == 0 ? 0 : spool->shelves[index - 1]->last;
    if (shelf->keep || shelf->dirty || index == spool->shelf_count - 1) {
        return true;
    }
    for (size_t i = 0; i < spool->sink_count; i++) {
        const uint64_t cursor = spool->cursors[i].sequence;
        if (cursor >= before && cursor < shelf->last) {
            return true;
        }
    }
    return false;
}

enum etwas_status shelf_open(struct spool *spool, struct shelf *shelf)
{
    char name[FILES_NAME];
    struct segment_walk walk = {0};
    if (shelf->entries != NULL) {
        return ETWAS_OK;
    }
    name_of(shelf->number, name);
    const uint32_t code = files_open(spool->folder.folder, name, &shelf->file);
    if (code != 0 && files_code(code) != FILES_GONE) {
        return ETWAS_SYSTEM;
    }
    const enum etwas_status status =
        code == 0 ? read_shelf(spool, shelf, &walk, NULL) : ETWAS_MALFORMED;
    if (status == ETWAS_NO_MEMORY || status == ETWAS_SYSTEM) {
        close_shelf(shelf);
        return status;
    }
    if (status != ETWAS_OK) {
        notice_put(spool, "%s/%s/%s is gone or damaged, and the batches in it", spool->base,
                   spool->folder.name, name);
        take_out(spool, index_of(spool, shelf));
        return ETWAS_NOT_FOUND;
    }
    for (size_t i = 0; i < spool->shelf_count; i++) {
        struct shelf *other = spool->shelves[i];
        if (other != shelf && other->entries != NULL && !is_wanted(spool, i)) {
            close_shelf(other);
        }
    }
    return ETWAS_OK;
}

/* Nothing can be read of it. One that was being made in a kill has no whole header. */
static void give_up(struct spool *spool, const char *name, bool is_last, bool is_unfinished)
{
    spool->damaged += !is_unfinished;
    spool->uncertain = spool->uncertain || (is_last && !is_unfinished);
    (void)files_remove(spool->folder.folder, name);
    take_out(spool, spool->shelf_count - 1);
}

/* Where the segment ends, and whether anything is missing there. */
static void set_end(struct spool *spool, struct shelf *shelf, const struct segment_walk *walk,
                    bool is_last)
{
    const bool is_cut = is_last && walk->torn;
    spool->damaged += walk->damaged + (walk->uncertain || (walk->torn && !is_last));
    spool->uncertain = spool->uncertain || (is_last && walk->uncertain);
    shelf->size = is_cut ? walk->end : files_size(shelf->file);
    spool->used += shelf->size;
    if (is_cut) {
        (void)files_cut(shelf->file, walk->end);
    }
    if (!is_last) {
        close_shelf(shelf);
    }
}

/* A segment found when the spool is opened; what is before it has been read. */
static enum etwas_status load_one(struct spool *spool, const char *name, bool is_last)
{
    struct segment_walk walk = {0};
    struct shelf *shelf = add_shelf(spool, strtoull(name, NULL, 16));
    if (shelf == NULL) {
        return ETWAS_NO_MEMORY;
    }
    shelf->prior_sequence = spool->last.sequence;
    shelf->prior_before = spool->last.books.before;
    const enum etwas_status status = files_open(spool->folder.folder, name, &shelf->file) == 0
                                         ? read_shelf(spool, shelf, &walk, &spool->last)
                                         : ETWAS_SYSTEM;
    if (status == ETWAS_SYSTEM) {
        take_out(spool, spool->shelf_count - 1);
        return status;
    }
    if (status == ETWAS_MALFORMED) {
        give_up(spool, name, is_last, files_size(shelf->file) < SEGMENT_HEADER);
        return ETWAS_OK;
    }
    set_end(spool, shelf, &walk, is_last);
    return status;
}

static bool is_segment(const char *name)
{
    const size_t digits = strspn(name, "0123456789abcdef");
    return digits >= 8 && digits <= 15 && strcmp(name + digits, ".seg") == 0;
}

enum etwas_status shelf_load_all(struct spool *spool)
{
    enum etwas_status status = ETWAS_OK;
    size_t count = 0;
    size_t last = 0;
    struct files_name *names = files_names(spool->folder.folder, &count);
    for (size_t i = 0; i < count; i++) {
        last = is_segment(names[i].text) ? i : last;
    }
    for (size_t i = 0; i < count && status == ETWAS_OK; i++) {
        if (is_segment(names[i].text)) {
            status = load_one(spool, names[i].text, i == last);
        }
    }
    free(names);
    return status;
}

/* Makes the next segment's file. */
static uint32_t start_shelf(struct spool *spool)
{
    char name[FILES_NAME];
    uint8_t head[SEGMENT_HEADER];
    const size_t count = spool->shelf_count;
    const uint64_t number = count == 0 ? 1 : spool->shelves[count - 1]->number + 1;
    struct segment_header header = {.number = number, .made_ms = files_utc_ms()};
    struct shelf *shelf = add_shelf(spool, number);
    if (shelf == NULL) {
        return ENOMEM;
    }
    shelf->prior_sequence = shelf->last = count == 0 ? 0 : spool->shelves[count - 1]->last;
    memcpy(header.stream, spool->stream, sizeof header.stream);
    randombytes_buf(&header.salt, sizeof header.salt);
    segment_put_header(head, &header);
    shelf->salt = header.salt;
    name_of(number, name);
    (void)files_remove(spool->folder.folder, name); /* of one that could not be filled */
    uint32_t code =
        entry_room(shelf) ? files_make(spool->folder.folder, name, &shelf->file) : ENOMEM;
    if (code == 0) {
        code = files_write(shelf->file, 0, head, sizeof head);
    }
    if (code != 0) {
        if (shelf->file >= 0) {
            (void)files_remove(spool->folder.folder, name);
        }
        take_out(spool, count);
        return code;
    }
    shelf->size = sizeof head;
    spool->used += sizeof head;
    spool->folder_dirty = true;
    return 0;
}

static bool fits(const struct spool *spool, const struct node *node)
{
    if (spool->shelf_count == 0) {
        return false;
    }
    const struct shelf *tail = spool->shelves[spool->shelf_count - 1];
    return tail->file >= 0 &&
           (tail->size == SEGMENT_HEADER || tail->size + node->size <= spool->segment_bytes);
}

uint32_t shelf_write(struct spool *spool, struct node *node)
{
    if (!fits(spool, node)) {
        const uint32_t code = start_shelf(spool);
        if (code != 0) {
            return code;
        }
    }
    struct shelf *tail = spool->shelves[spool->shelf_count - 1];
    const struct batch_head *head = &node->batch.head;
    const struct entry entry = {.sequence = head->sequence,
                                .before = head->books.before,
                                .made_ms = node->batch.made_ms,
                                .offset = (uint32_t)tail->size,
                                .size = (uint32_t)node->size,
                                .body = (uint32_t)node->batch.size,
                                .traced = (uint32_t)segment_traced(head)};
    if (files_is_gone(tail->file)) {
        return ENOENT;
    }
    if (!entry_room(tail)) {
        return ENOMEM;
    }
    segment_seal(node->record, tail->salt);
    const uint32_t code = files_write(tail->file, tail->size, node->record, node->size);
    if (code != 0) {
        (void)files_cut(tail->file, tail->size);
        return code;
    }
    if (tail->size == SEGMENT_HEADER) {
        tail->prior_sequence = entry.sequence - 1;
        tail->prior_before = entry.before;
    }
    add_entry(tail, &entry);
    tail->size += node->size;
    tail->dirty = true;
    spool->used += node->size;
    cache_settled(spool, node, tail);
    return 0;
}
