/* SPDX-License-Identifier: MIT */
#include "monitor/spool/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/bytes.h"
#include "monitor/spool/files.h"
#include "monitor/spool/slots.h"

enum {
    CURSORS_ROOM = 1024,      /* bytes of a slot */
    STATE_ROOM = 17 * 1024,   /* bytes of a slot */
    SINKS_MAXIMUM = 64 * 1024 /* bytes of the file */
};

void folder_init(struct folder *folder)
{
    *folder = (struct folder){
        .base = -1, .folder = -1, .lock = -1, .cursors = -1, .state = -1, .draft = -1};
    files_boot(folder->boot);
}

void folder_close(struct folder *folder)
{
    files_close(folder->draft);
    files_close(folder->state);
    files_close(folder->cursors);
    files_close(folder->folder);
    files_close(folder->base);
    files_close(folder->lock); /* last: who gets it finds all as it is to stay */
    folder_init(folder);
}

static void name_of(const uint8_t stream[BATCH_STREAM_SIZE], char name[FOLDER_NAME])
{
    for (size_t i = 0; i < BATCH_STREAM_SIZE; i++) {
        (void)snprintf(name + 2 * i, 3, "%02x", stream[i]);
    }
}

bool folder_stream(const char *name, uint8_t stream[BATCH_STREAM_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(name) != FOLDER_NAME - 1 || strspn(name, digits) != FOLDER_NAME - 1) {
        return false;
    }
    for (size_t i = 0; i < BATCH_STREAM_SIZE; i++) {
        const size_t high = (size_t)(strchr(digits, name[2 * i]) - digits);
        const size_t low = (size_t)(strchr(digits, name[2 * i + 1]) - digits);
        stream[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* A file of two slots, its whole length taken from the disk at once. */
static uint32_t make_slots(int folder, const char *name, size_t room, int *file)
{
    uint8_t zeros[2 * STATE_ROOM] = {0};
    uint32_t code = files_make(folder, name, file);
    if (code == 0) {
        code = files_write(*file, 0, zeros, 2 * room);
    }
    return code;
}

static uint32_t fill(struct folder *folder, const char *sinks)
{
    uint32_t code = files_open_folder(folder->base, folder->name, &folder->folder);
    if (code == 0) {
        code = files_make(folder->folder, "lock", &folder->lock);
    }
    if (code == 0) {
        code = files_lock(folder->lock);
    }
    if (code == 0) {
        code = make_slots(folder->folder, "cursors", CURSORS_ROOM, &folder->cursors);
    }
    if (code == 0) {
        code = make_slots(folder->folder, "state", STATE_ROOM, &folder->state);
    }
    if (code == 0) {
        /* The last: a folder without it is one that was never whole. */
        code = files_replace(folder->folder, "sinks", sinks, strlen(sinks));
    }
    return code;
}

uint32_t folder_make(struct folder *folder, const char *base,
                     const uint8_t stream[BATCH_STREAM_SIZE], const char *sinks)
{
    folder_init(folder);
    name_of(stream, folder->name);
    uint32_t code = files_open_base(base, &folder->base);
    if (code == 0) {
        code = files_make_folder(folder->base, folder->name);
    }
    if (code != 0) {
        folder_close(folder);
        return code;
    }
    code = fill(folder, sinks);
    if (code == 0) {
        code = files_sync_folder(folder->base);
    }
    if (code != 0) {
        folder_remove(folder);
    }
    return code;
}

bool folder_claim(struct folder *folder, const char *base, const char *name)
{
    uint8_t stream[BATCH_STREAM_SIZE];
    folder_init(folder);
    if (!folder_stream(name, stream)) {
        return false;
    }
    (void)snprintf(folder->name, sizeof folder->name, "%s", name);
    /* Where others may write in the base, they could have us sign what they put there. */
    const bool locked = files_open_base(base, &folder->base) == 0 &&
                        files_open_folder(folder->base, name, &folder->folder) == 0 &&
                        files_is_ours(folder->folder) &&
                        files_open(folder->folder, "lock", &folder->lock) == 0 &&
                        files_lock(folder->lock) == 0 && !files_is_gone(folder->lock);
    if (!locked) {
        folder_close(folder);
        return false;
    }
    /* A missing one is made again: what was in it is less than what the segments say. */
    if (files_open(folder->folder, "cursors", &folder->cursors) != 0) {
        (void)make_slots(folder->folder, "cursors", CURSORS_ROOM, &folder->cursors);
    }
    if (files_open(folder->folder, "state", &folder->state) != 0) {
        (void)make_slots(folder->folder, "state", STATE_ROOM, &folder->state);
    }
    return true;
}

static void remove_all(int folder, const char *but)
{
    size_t count = 0;
    struct files_name *names = files_names(folder, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].text, but) != 0) {
            (void)files_remove(folder, names[i].text);
        }
    }
    free(names);
}

void folder_remove(struct folder *folder)
{
    if (folder->folder >= 0) {
        /* If batches were parked, their folder and so this one stay, for people. */
        (void)files_remove(folder->folder, "sinks");
        remove_all(folder->folder, "lock");
        (void)files_remove(folder->folder, "lock");
    }
    if (folder->base >= 0) {
        (void)files_remove_folder(folder->base, folder->name);
    }
    folder_close(folder);
}

char *folder_sinks_text(const struct spool_options *options)
{
    size_t size = strlen("session ") + strlen(options->session) + 2;
    for (size_t i = 0; i < options->sink_count; i++) {
        size += strlen(options->sinks[i]) + 1;
        if (strchr(options->sinks[i], '\n') != NULL) {
            return NULL;
        }
    }
    char *text = size < SINKS_MAXIMUM ? malloc(size) : NULL;
    if (text == NULL) {
        return NULL;
    }
    size_t used = (size_t)snprintf(text, size, "session %s\n", options->session);
    for (size_t i = 0; i < options->sink_count; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s\n", options->sinks[i]);
    }
    return text;
}

char *folder_read_sinks(const struct folder *folder)
{
    int file = -1;
    if (files_open(folder->folder, "sinks", &file) != 0) {
        return NULL;
    }
    char *text = malloc(SINKS_MAXIMUM);
    size_t size = 0;
    if (text != NULL) {
        size = files_read(file, 0, text, SINKS_MAXIMUM - 1);
        text[size] = '\0';
    }
    files_close(file);
    if (size == 0 || memchr(text, '\0', size) != NULL || text[size - 1] != '\n') {
        free(text);
        return NULL;
    }
    return text;
}

/* The other slot than the last time. */
static uint32_t write_slot(int file, size_t room, uint8_t *slot, size_t size, uint64_t *written)
{
    const uint64_t writing = *written + 1;
    if (file < 0) {
        return UINT32_MAX;
    }
    slots_seal(slot, size, writing);
    const uint32_t code = files_write(file, (writing % 2) * room, slot, SLOT_HEAD + size);
    *written = code == 0 ? writing : *written;
    return code;
}

uint32_t folder_write_cursors(struct folder *folder, const struct folder_cursor *cursors,
                              size_t count)
{
    uint8_t slot[CURSORS_ROOM];
    struct bytes_writer writer = bytes_writer_of(slot + SLOT_HEAD, sizeof slot - SLOT_HEAD);
    bytes_put_u64(&writer, count);
    for (size_t i = 0; i < count; i++) {
        bytes_put_u64(&writer, cursors[i].sequence);
        bytes_put_u64(&writer, cursors[i].reached);
        bytes_put_u64(&writer, cursors[i].dropped_batches);
        bytes_put_u64(&writer, cursors[i].dropped_events);
    }
    const size_t size = (size_t)(writer.at - slot) - SLOT_HEAD;
    return write_slot(folder->cursors, CURSORS_ROOM, slot, size, &folder->cursors_written);
}

bool folder_read_cursors(struct folder *folder, struct folder_cursor *cursors, size_t count)
{
    uint8_t file[2 * CURSORS_ROOM];
    size_t size = 0;
    memset(cursors, 0, count * sizeof *cursors);
    const size_t got = files_read(folder->cursors, 0, file, sizeof file);
    const uint8_t *held = slots_find(file, got, CURSORS_ROOM, &size, &folder->cursors_written);
    struct bytes_reader reader = bytes_reader_of(held, size);
    if (held == NULL || bytes_u64(&reader) != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        cursors[i].sequence = bytes_u64(&reader);
        cursors[i].reached = bytes_u64(&reader);
        cursors[i].dropped_batches = bytes_u64(&reader);
        cursors[i].dropped_events = bytes_u64(&reader);
    }
    return bytes_end(&reader) == ETWAS_OK;
}

uint32_t folder_write_state(struct folder *folder, const struct spool_past *past, bool whole)
{
    uint8_t slot[STATE_ROOM];
    struct bytes_writer writer = bytes_writer_of(slot + SLOT_HEAD, sizeof slot - SLOT_HEAD);
    bytes_put(&writer, folder->boot, sizeof folder->boot);
    bytes_put_u32(&writer, whole);
    bytes_put_u32(&writer, past->position.lane_count);
    bytes_put_u64(&writer, past->sequence);
    bytes_put_u64(&writer, past->books.before);
    bytes_put_u64(&writer, past->books.produced);
    bytes_put_u64(&writer, past->books.filtered);
    bytes_put_u64(&writer, past->books.lost_kernel);
    bytes_put_u64(&writer, past->books.lost_monitor);
    bytes_put_u64(&writer, past->position.session);
    for (uint32_t i = 0; i < past->position.lane_count; i++) {
        bytes_put_u64(&writer, past->position.lanes[i].read);
        bytes_put_u64(&writer, past->position.lanes[i].lost);
    }
    const size_t size = (size_t)(writer.at - slot) - SLOT_HEAD;
    return write_slot(folder->state, STATE_ROOM, slot, size, &folder->state_written);
}

static bool get_past(struct bytes_reader *reader, uint32_t lanes, struct spool_past *past)
{
    *past = (struct spool_past){.sequence = bytes_u64(reader)};
    past->books.before = bytes_u64(reader);
    past->books.produced = bytes_u64(reader);
    past->books.filtered = bytes_u64(reader);
    past->books.lost_kernel = bytes_u64(reader);
    past->books.lost_monitor = bytes_u64(reader);
    past->position.session = bytes_u64(reader);
    past->position.lane_count = lanes;
    for (uint32_t i = 0; i < lanes; i++) {
        past->position.lanes[i].read = bytes_u64(reader);
        past->position.lanes[i].lost = bytes_u64(reader);
    }
    return bytes_end(reader) == ETWAS_OK;
}

bool folder_read_state(struct folder *folder, struct spool_past *past, bool *whole)
{
    uint8_t file[2 * STATE_ROOM];
    size_t size = 0;
    const size_t got = files_read(folder->state, 0, file, sizeof file);
    const uint8_t *held = slots_find(file, got, STATE_ROOM, &size, &folder->state_written);
    if (held == NULL) {
        return false;
    }
    struct bytes_reader reader = bytes_reader_of(held, size);
    const uint8_t *written_in = bytes_view(&reader, sizeof folder->boot);
    const bool said_whole = bytes_u32(&reader) != 0;
    const uint32_t lanes = bytes_u32(&reader);
    if (reader.bad || lanes > SOURCE_MAX_LANES || !get_past(&reader, lanes, past)) {
        return false;
    }
    *whole = said_whole || memcmp(folder->boot, written_in, sizeof folder->boot) == 0;
    return true;
}
