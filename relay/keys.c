/* SPDX-License-Identifier: MIT */
#include "relay/keys.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/files.h"

enum { FILE_MAXIMUM = 4 * 1024 * 1024 };

struct entry {
    char id[KEY_ID_SIZE];
    struct key_trust trust;
};

struct keys {
    pthread_mutex_t lock;
    char *path;
    char pending_path[FILES_PATH_SIZE];
    struct files_mark mark; /* of the file as it was read */
    bool failing;           /* it could not be read, and that was told */
    size_t trusted;
    struct entry *entries; /* by id */
    size_t count;
    struct keys_pending pending[KEYS_MAX_PENDING];
    size_t pending_count;
    bool pending_changed;
};

static enum etwas_status no_memory(struct etwas_error *error)
{
    *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "reading keys"};
    return ETWAS_NO_MEMORY;
}

static int compare(const void *a, const void *b)
{
    const struct entry *one = a;
    const struct entry *other = b;
    const int order = strcmp(one->id, other->id);
    return order != 0 ? order : other->trust.revoked - one->trust.revoked;
}

/* What a file says, as it is read. */
struct reading {
    struct entry *entries;
    size_t count;
    size_t capacity;
    struct keys_news news;
};

/* Where the first `count` words of a line end. */
static size_t end_of_words(const char *line, size_t size, unsigned count)
{
    static const char blanks[] = " \t\r\n";
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        while (at < size && strchr(blanks, line[at]) != NULL) {
            at++;
        }
        while (at < size && strchr(blanks, line[at]) == NULL) {
            at++;
        }
    }
    return at;
}

/*
 * A line that takes a key back must not fail for what stands behind the key, or for want of a name:
 * the key would stay trusted.
 */
static enum etwas_status parse_line(const char *line, size_t size, struct key_trust *trust,
                                    struct etwas_error *error)
{
    char bare[KEY_LINE_SIZE];
    const enum etwas_status status = key_trust_parse(line, size, trust, error);
    const size_t end = end_of_words(line, size, 3);
    if (status != ETWAS_MALFORMED || trust->revoked == 0 || end + 3 > sizeof bare) {
        return status;
    }
    memcpy(bare, line, end);
    memcpy(bare + end, " " KEYS_NO_NAME, 3);
    struct etwas_error other;
    return key_trust_parse(bare, end + 2, trust, &other) == ETWAS_OK ? ETWAS_OK : status;
}

static bool take_line(struct reading *reading, const char *line, size_t size, size_t number)
{
    struct key_trust trust;
    struct etwas_error error = {.status = ETWAS_OK};
    const enum etwas_status status = parse_line(line, size, &trust, &error);
    if (status == ETWAS_NOT_FOUND) {
        return true;
    }
    if (status != ETWAS_OK || reading->count == KEYS_MAX) {
        if (reading->news.bad_lines++ == 0) {
            reading->news.first_bad = number;
            reading->news.why = status == ETWAS_OK ? "too many keys" : error.doing;
        }
        return true;
    }
    if (reading->count == reading->capacity) {
        const size_t wanted = reading->capacity == 0 ? 16 : reading->capacity * 2;
        struct entry *grown = realloc(reading->entries, wanted * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        reading->entries = grown;
        reading->capacity = wanted;
    }
    struct entry *entry = &reading->entries[reading->count++];
    entry->trust = trust;
    key_id(trust.public_key, entry->id);
    return true;
}

/* Of several lines for a key the first counts, and before all the one that revokes it. */
static void sort(struct reading *reading)
{
    size_t kept = 0;
    if (reading->count > 0) {
        qsort(reading->entries, reading->count, sizeof reading->entries[0], compare);
    }
    for (size_t i = 0; i < reading->count; i++) {
        const struct entry *entry = &reading->entries[i];
        if (kept == 0 || strcmp(reading->entries[kept - 1].id, entry->id) != 0) {
            reading->entries[kept++] = *entry;
        }
    }
    reading->count = kept;
}

/* Reads a file of keys; one that is not there has none. */
static enum etwas_status read_lines(const char *path, struct reading *reading,
                                    struct etwas_error *error)
{
    size_t size = 0;
    char *text = malloc(FILE_MAXIMUM);
    if (text == NULL) {
        return no_memory(error);
    }
    enum etwas_status status = files_read(path, text, FILE_MAXIMUM, &size, error);
    if (status == ETWAS_NOT_FOUND) {
        free(text);
        return ETWAS_OK;
    }
    size_t number = 1;
    for (size_t at = 0; at < size && status == ETWAS_OK; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        const size_t length = end == NULL ? size - at : (size_t)(end - text) + 1 - at;
        if (!take_line(reading, text + at, length, number)) {
            status = no_memory(error);
        }
        at += length;
    }
    free(text);
    return status;
}

static struct keys_news reread(struct keys *keys, const struct files_mark *mark)
{
    struct etwas_error error = {.status = ETWAS_OK};
    struct reading reading = {
        .news = {.reread = true, .before = keys->trusted}
    };
    if (read_lines(keys->path, &reading, &error) != ETWAS_OK) {
        struct keys_news news = {.count = keys->trusted, .before = keys->trusted};
        news.failed = keys->failing ? news.failed : error;
        keys->failing = true;
        free(reading.entries);
        return news;
    }
    keys->failing = false;
    sort(&reading);
    free(keys->entries);
    keys->entries = reading.entries;
    keys->count = reading.count;
    keys->mark = *mark; /* of before it was read: what changed meanwhile is read once more */
    for (size_t i = 0; i < reading.count; i++) {
        reading.news.count += reading.entries[i].trust.revoked ? 0 : 1;
    }
    keys->trusted = reading.news.count;
    return reading.news;
}

static const struct entry *find(const struct keys *keys, const char *id)
{
    size_t low = 0;
    size_t high = keys->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(keys->entries[middle].id, id);
        if (order == 0) {
            return &keys->entries[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* Those that are in the file by now wait no longer. */
static void drop_answered(struct keys *keys)
{
    size_t kept = 0;
    for (size_t i = 0; i < keys->pending_count; i++) {
        char id[KEY_ID_SIZE];
        key_id(keys->pending[i].trust.public_key, id);
        if (find(keys, id) == NULL) {
            keys->pending[kept++] = keys->pending[i];
        }
    }
    keys->pending_changed = keys->pending_changed || kept != keys->pending_count;
    keys->pending_count = kept;
}

static enum etwas_status load_pending(struct keys *keys, struct etwas_error *error)
{
    struct reading reading = {.count = 0};
    const enum etwas_status status = read_lines(keys->pending_path, &reading, error);
    for (size_t i = 0; i < reading.count && i < KEYS_MAX_PENDING; i++) {
        keys->pending[keys->pending_count++].trust = reading.entries[i].trust;
    }
    free(reading.entries);
    if (status == ETWAS_DENIED && error->os_code == 0) {
        error->doing = "everybody may write in pending: chmod o-w it";
    } else if (status != ETWAS_OK) {
        error->doing = "reading pending";
    }
    return status;
}

enum etwas_status keys_open(const char *path, const char *folder, struct keys **keys,
                            struct etwas_error *error)
{
    struct keys *made = calloc(1, sizeof *made);
    *keys = NULL;
    if (made == NULL) {
        return no_memory(error);
    }
    (void)pthread_mutex_init(&made->lock, NULL);
    made->path = strdup(path);
    enum etwas_status status = ETWAS_OK;
    if (made->path == NULL) {
        status = no_memory(error);
    } else if (folder != NULL) {
        files_path(folder, "pending", made->pending_path);
        status = load_pending(made, error);
    }
    if (status != ETWAS_OK) {
        keys_close(made);
        return status;
    }
    made->mark.inode = UINT64_MAX; /* so that it is read the first time */
    *keys = made;
    return ETWAS_OK;
}

void keys_close(struct keys *keys)
{
    if (keys != NULL) {
        (void)pthread_mutex_destroy(&keys->lock);
        free(keys->entries);
        free(keys->path);
        free(keys);
    }
}

enum keys_standing keys_find(struct keys *keys, const char *id, struct key_trust *trust)
{
    enum keys_standing standing = KEYS_UNKNOWN;
    (void)pthread_mutex_lock(&keys->lock);
    const struct entry *entry = find(keys, id);
    if (entry != NULL) {
        *trust = entry->trust;
        standing = trust->revoked ? KEYS_REVOKED : KEYS_TRUSTED;
    }
    (void)pthread_mutex_unlock(&keys->lock);
    return standing;
}

static const char pending_head[] = "# keys that asked; etwass --approve FINGERPRINT\n";
enum { PENDING_SIZE = sizeof pending_head + (size_t)KEYS_MAX_PENDING * KEY_LINE_SIZE };

static size_t format_pending(const struct keys *keys, char text[PENDING_SIZE])
{
    size_t size = sizeof pending_head - 1;
    memcpy(text, pending_head, size);
    for (size_t i = 0; i < keys->pending_count; i++) {
        char line[KEY_LINE_SIZE];
        key_trust_format(&keys->pending[i].trust, line);
        size += (size_t)snprintf(text + size, PENDING_SIZE - size, "%s\n", line);
    }
    return size;
}

/*
 * With the lock held, which is let go of while the disk is written: strangers decide how often
 * that is, and every batch asks for a key.
 */
static void save_pending(struct keys *keys)
{
    static char text[PENDING_SIZE];
    struct etwas_error error;
    const size_t size = format_pending(keys, text);
    keys->pending_changed = false;
    (void)pthread_mutex_unlock(&keys->lock);
    const bool saved = files_replace(keys->pending_path, text, size, &error) == ETWAS_OK;
    (void)pthread_mutex_lock(&keys->lock);
    /* When the disk is full it is tried again, and meanwhile they are known here. */
    keys->pending_changed = keys->pending_changed || !saved;
}

struct keys_news keys_refresh(struct keys *keys)
{
    struct keys_news news = {.reread = false};
    (void)pthread_mutex_lock(&keys->lock);
    const struct files_mark mark = files_mark(keys->path);
    if (!files_mark_same(&mark, &keys->mark)) {
        news = reread(keys, &mark);
        drop_answered(keys);
    }
    if (keys->pending_changed) {
        save_pending(keys);
    }
    (void)pthread_mutex_unlock(&keys->lock);
    return news;
}

static struct keys_pending *place_for(struct keys *keys, const struct key_trust *trust)
{
    struct keys_pending *oldest = &keys->pending[0];
    for (size_t i = 0; i < keys->pending_count; i++) {
        struct keys_pending *known = &keys->pending[i];
        if (memcmp(known->trust.public_key, trust->public_key, KEY_PUBLIC_SIZE) == 0) {
            return known;
        }
        oldest = known->last_ms < oldest->last_ms ? known : oldest;
    }
    keys->pending_changed = true;
    if (keys->pending_count < KEYS_MAX_PENDING) {
        oldest = &keys->pending[keys->pending_count++];
    }
    *oldest = (struct keys_pending){.trust = *trust};
    return oldest;
}

void keys_add_pending(struct keys *keys, const struct key_trust *trust, int64_t now_ms)
{
    (void)pthread_mutex_lock(&keys->lock);
    struct keys_pending *place = place_for(keys, trust);
    place->first_ms = place->first_ms == 0 ? now_ms : place->first_ms;
    place->last_ms = now_ms;
    (void)pthread_mutex_unlock(&keys->lock);
}

size_t keys_pending(struct keys *keys, struct keys_pending *pending)
{
    (void)pthread_mutex_lock(&keys->lock);
    const size_t count = keys->pending_count;
    memcpy(pending, keys->pending, count * sizeof pending[0]);
    (void)pthread_mutex_unlock(&keys->lock);
    return count;
}

/* The one pending key that `prefix` names. */
static enum etwas_status choose(const struct reading *reading, const char *prefix, size_t size,
                                const struct entry **chosen)
{
    *chosen = NULL;
    for (size_t i = 0; i < reading->count; i++) {
        const char *id = reading->entries[i].id;
        if (strncmp(id, prefix, size) != 0 && strncmp(id + strlen("SHA256:"), prefix, size) != 0) {
            continue;
        }
        if (*chosen != NULL && strcmp((*chosen)->id, id) != 0) {
            return ETWAS_BUSY;
        }
        *chosen = &reading->entries[i];
    }
    return *chosen == NULL || size == 0 ? ETWAS_NOT_FOUND : ETWAS_OK;
}

static enum etwas_status append_line(const char *path, const struct key_trust *trust,
                                     struct etwas_error *error)
{
    char line[KEY_LINE_SIZE];
    char text[KEY_LINE_SIZE + 4];
    key_trust_format(trust, line);
    /* The last line of a file that somebody edits may lack its end: an empty one does no harm. */
    const int size = snprintf(text, sizeof text, "\n%s\n", line);
    const bool fresh = files_mark(path).size == 0;
    return files_append(path, fresh ? text + 1 : text, (size_t)size - (fresh ? 1U : 0U), error);
}

enum etwas_status keys_approve(const char *path, const char *folder, const char *fingerprint,
                               struct key_trust *approved, struct etwas_error *error)
{
    struct reading reading = {.count = 0};
    const struct entry *chosen = NULL;
    char pending[FILES_PATH_SIZE];
    const size_t size = strcspn(fingerprint, "=");
    files_path(folder, "pending", pending);
    enum etwas_status status = read_lines(pending, &reading, error);
    if (status == ETWAS_OK) {
        status = choose(&reading, fingerprint, size, &chosen);
        *error = (struct etwas_error){.status = status, .doing = "looking for a pending key"};
    }
    if (status == ETWAS_OK) {
        *approved = chosen->trust;
        if (fingerprint[size] == '=') {
            (void)snprintf(approved->computer, sizeof approved->computer, "%s",
                           fingerprint + size + 1);
        }
        /* It must read back as what it was meant to be. */
        char line[KEY_LINE_SIZE];
        struct key_trust again;
        key_trust_format(approved, line);
        status = key_trust_parse(line, strlen(line), &again, error);
        if (status == ETWAS_OK && fingerprint[size] == '=' &&
            strcmp(again.computer, fingerprint + size + 1) != 0) {
            status = ETWAS_MALFORMED;
        }
    }
    if (status == ETWAS_OK) {
        status = append_line(path, approved, error);
    }
    free(reading.entries);
    return status;
}
