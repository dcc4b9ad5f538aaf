/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

static enum etwas_status fail(struct etwas_error *error, uint32_t code, const char *doing)
{
    const enum etwas_status status = files_code(code) == FILES_DENIED ? ETWAS_DENIED : ETWAS_SYSTEM;
    *error = (struct etwas_error){.status = status, .os_code = code, .doing = doing};
    return status;
}

static enum etwas_status no_memory(struct etwas_error *error)
{
    *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "opening the spool"};
    return ETWAS_NO_MEMORY;
}

static uint64_t between(uint64_t value, uint64_t least, uint64_t most)
{
    if (value < least) {
        return least;
    }
    return value > most ? most : value;
}

static struct spool *make(const struct spool_options *options)
{
    struct spool *spool = calloc(1, sizeof *spool);
    if (spool == NULL || flusher_init(spool) != ETWAS_OK) {
        free(spool);
        return NULL;
    }
    folder_init(&spool->folder);
    const uint64_t most = options->max_bytes != 0 ? options->max_bytes : SPOOL_DEFAULT;
    spool->max_bytes = between(most, SPOOL_LEAST, UINT64_MAX);
    spool->segment_bytes = between(spool->max_bytes / 16, SEGMENT_LEAST, SEGMENT_MOST);
    spool->max_age_ms = (int64_t)between(options->max_age_s, 0, INT64_MAX / 1000 / 2) * 1000;
    spool->drop = options->drop;
    spool->sync = options->sync;
    spool->appended = options->appended;
    spool->context = options->context;
    spool->base = strdup(options->base);
    if (spool->base == NULL) {
        spool_close(spool);
        return NULL;
    }
    return spool;
}

/* Takes the text of a folder's `sinks`; false: it is not as it must be, or no memory. */
static bool take_sinks(struct spool *spool, char *text)
{
    spool->sinks_text = text;
    spool->sink_names = text != NULL ? strdup(text) : NULL;
    if (spool->sink_names == NULL) {
        return false;
    }
    char *line = strchr(spool->sink_names, '\n');
    while (line != NULL && line[1] != '\0' && spool->sink_count < SPOOL_MAX_SINKS) {
        *line = '\0';
        spool->sinks[spool->sink_count++] = line + 1;
        line = strchr(line + 1, '\n');
    }
    const bool whole = line != NULL && line[1] == '\0' && spool->sink_count != 0;
    if (whole) {
        *line = '\0';
    }
    return whole;
}

static void drop_sinks(struct spool *spool)
{
    free(spool->sinks_text);
    free(spool->sink_names);
    spool->sinks_text = spool->sink_names = NULL;
    spool->sink_count = 0;
}

static void load_cursors(struct spool *spool)
{
    const bool found = folder_read_cursors(&spool->folder, spool->cursors, spool->sink_count);
    /* Without cursors all that is there is sent: relays know what they have got. */
    struct folder_cursor start = {.sequence = spool->last.sequence,
                                  .reached = spool->last.books.before};
    struct place place;
    if (!found && read_find(spool, 0, &place) == ETWAS_OK && place.entry != NULL) {
        start.sequence = place.entry->sequence - 1;
        start.reached = place.entry->before;
    }
    for (size_t i = 0; i < spool->sink_count; i++) {
        struct folder_cursor *cursor = &spool->cursors[i];
        if (!found || cursor->sequence > spool->last.sequence ||
            cursor->reached > spool->last.books.before) {
            *cursor = start;
        }
    }
}

/* Reads what the folder holds. */
static enum etwas_status load(struct spool *spool)
{
    bool whole = false;
    struct spool_past *state = malloc(sizeof *state);
    if (state == NULL) {
        return ETWAS_NO_MEMORY;
    }
    (void)folder_stream(spool->folder.name, spool->stream);
    const bool found = folder_read_state(&spool->folder, state, &whole);
    enum etwas_status status = shelf_load_all(spool);
    if (status == ETWAS_OK && found && state->sequence > spool->last.sequence) {
        spool->last = *state;
    }
    free(state);
    if (status != ETWAS_OK) {
        return status;
    }
    load_cursors(spool);
    spool->past = spool->last;
    spool->usable = found && whole && !spool->uncertain;
    if (spool->damaged != 0) {
        notice_put(spool, "%s/%s was damaged in %" PRIu64 " places: what was there is left out",
                   spool->base, spool->folder.name, spool->damaged);
    }
    return ETWAS_OK;
}

/* As before load(), but for what is to be said. */
static void unload(struct spool *spool)
{
    shelf_forget_all(spool);
    folder_close(&spool->folder);
    memset(spool->cursors, 0, sizeof spool->cursors);
    spool->last = spool->past = (struct spool_past){0};
    spool->uncertain = false;
    spool->usable = false;
    spool->damaged = 0;
}

/* Locks a stream's folder and reads what it is for; NULL: not to be had. */
static char *claim(struct spool *spool, const char *name)
{
    if (!folder_claim(&spool->folder, spool->base, name)) {
        return NULL;
    }
    char *sinks = folder_read_sinks(&spool->folder);
    if (sinks == NULL) {
        folder_remove(&spool->folder); /* it was being made when its maker was killed */
    }
    return sinks;
}

static struct files_name *list(const struct spool *spool, size_t *count, uint32_t *code)
{
    int base = -1;
    *count = 0;
    *code = files_open_base(spool->base, &base);
    struct files_name *names = *code == 0 ? files_names(base, count) : NULL;
    files_close(base);
    return names;
}

/* Goes on with a stream that was left. False: there is none that fits. */
static bool go_on(struct spool *spool, const struct files_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *sinks = claim(spool, names[i].text);
        if (sinks != NULL && strcmp(sinks, spool->sinks_text) == 0 && load(spool) == ETWAS_OK &&
            spool->usable) {
            free(sinks);
            return true;
        }
        free(sinks);
        unload(spool);
    }
    return false;
}

/* A full disk does not keep a new stream from beginning in memory. */
static uint32_t begin(struct spool *spool)
{
    uint32_t code = 0;
    for (int tries = 0; tries < 3; tries++) {
        randombytes_buf(spool->stream, sizeof spool->stream);
        code = folder_make(&spool->folder, spool->base, spool->stream, spool->sinks_text);
        if (code == 0 || files_code(code) == FILES_DENIED) {
            return code;
        }
    }
    if (files_code(code) == FILES_FULL) {
        spool->failing = true;
        spool->code = code;
        notice_put(spool, "cannot write %s: %s; batches are kept in memory, up to %d MiB",
                   spool->base, strerror((int)code), SPOOL_CACHE / (1024 * 1024));
        return 0;
    }
    return code;
}

/* What was opened becomes this program's. */
static enum etwas_status set_out(struct spool *spool, struct etwas_error *error)
{
    if (spool->shelf_count != 0) {
        spool->shelves[spool->shelf_count - 1]->dirty = true; /* the last one may not have synced */
    }
    if (spool->sync == SPOOL_SYNC_BATCH) {
        disk_sync(spool);
    }
    disk_cursors(spool);
    (void)disk_state(spool, false);
    room_expire(spool);
    if (flusher_start(spool) != ETWAS_OK) {
        return no_memory(error);
    }
    return ETWAS_OK;
}

enum etwas_status spool_open(const struct spool_options *options, struct spool **spool,
                             struct etwas_error *error)
{
    *spool = NULL;
    if (sodium_init() < 0) {
        return fail(error, 0, "starting libsodium");
    }
    struct spool *made = make(options);
    if (made == NULL || !take_sinks(made, folder_sinks_text(options))) {
        spool_close(made);
        return no_memory(error);
    }
    size_t count = 0;
    uint32_t code = 0;
    struct files_name *streams = list(made, &count, &code);
    if (code == 0 && !go_on(made, streams, count)) {
        code = begin(made);
    }
    free(streams);
    const enum etwas_status status =
        code == 0 ? set_out(made, error) : fail(error, code, "opening the spool's folder");
    if (status != ETWAS_OK) {
        spool_close(made);
        return status;
    }
    *spool = made;
    return ETWAS_OK;
}

/* Opens one that was left, if it has anything to send or to say; else it is removed. */
static bool open_left(struct spool *spool, const char *name)
{
    struct tally tally = {0};
    const bool ours = take_sinks(spool, claim(spool, name)) && load(spool) == ETWAS_OK;
    if (ours) {
        books_tally(spool, room_least_cursor(spool), UINT64_MAX, &tally);
    }
    const bool speaks = ours && spool->usable &&
                        (spool_past_unaccounted(&spool->last) != 0 || draft_is_there(spool));
    if (tally.batches != 0 || speaks) {
        return true;
    }
    if (ours) {
        folder_remove(&spool->folder);
    }
    unload(spool);
    drop_sinks(spool);
    return false;
}

enum etwas_status spool_open_left(const struct spool_options *options, struct spool **spool,
                                  struct etwas_error *error)
{
    *spool = NULL;
    if (sodium_init() < 0) {
        return fail(error, 0, "starting libsodium");
    }
    struct spool *made = make(options);
    if (made == NULL) {
        return no_memory(error);
    }
    made->left = true;
    size_t count = 0;
    uint32_t code = 0;
    bool found = false;
    struct files_name *streams = list(made, &count, &code);
    for (size_t i = 0; i < count && !found; i++) {
        found = open_left(made, streams[i].text);
    }
    free(streams);
    if (found) {
        *spool = made;
        return ETWAS_OK;
    }
    spool_close(made);
    if (code != 0) {
        return fail(error, code, "opening the spool's folder");
    }
    *error = (struct etwas_error){.status = ETWAS_NOT_FOUND, .doing = "looking for streams"};
    return ETWAS_NOT_FOUND;
}
