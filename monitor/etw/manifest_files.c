/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/etl/file.h"
#include "monitor/etw/manifest.h"
#include "monitor/etw/schemas_parts.h"
#include "monitor/etw/xml.h"

/*
 * Folders of manifests have hundreds of files, of which a trace needs a few. At the start only the
 * tags of providers are looked for; a file is read in full when an event of its provider comes.
 */
enum {
    NOTICE_SIZE = 512,
    MAXIMUM_FILES = 16384,
};

struct entry {
    uint8_t id[SCHEMAS_ID_SIZE];
    char *name;
    size_t path;  /* index of its file */
    size_t index; /* of the provider in it; set when it is opened */
};

struct text_file {
    char *path;
    struct manifest *manifest; /* NULL: not needed yet */
    bool failed;
};

struct manifest_files {
    struct text_file *files;
    size_t file_count;
    struct entry *entries;
    size_t entry_count;
    char notice[NOTICE_SIZE];
    bool noticed;
};

struct search {
    struct manifest_files *files;
    bool failed; /* no memory */
};

/* The whole file; NULL: it cannot be read. */
static char *read_all(const char *path, size_t *size)
{
    struct file *file = NULL;
    struct etwas_error error;
    uint64_t length = 0;
    char *text = NULL;
    if (file_open(path, &file, &length, &error) != ETWAS_OK) {
        return NULL;
    }
    if (length <= MANIFEST_MAX_SIZE) {
        text = malloc((size_t)length + 1);
    }
    *size = text != NULL ? file_read(file, 0, text, (size_t)length) : 0;
    file_close(file);
    return text;
}

static bool add_entry(struct manifest_files *files, const struct xml_tag *tag)
{
    struct entry entry = {.path = files->file_count};
    struct xml_piece id;
    struct xml_piece name;
    if (!xml_attribute(tag, "guid", &id) || !manifest_parse_id(id.data, id.size, entry.id) ||
        !xml_attribute(tag, "name", &name)) {
        return true;
    }
    struct entry *entries = realloc(files->entries, (files->entry_count + 1) * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    files->entries = entries;
    entry.name = malloc(name.size + 1);
    if (entry.name == NULL) {
        return false;
    }
    entry.name[xml_unescape(&name, entry.name)] = '\0';
    entries[files->entry_count++] = entry;
    return true;
}

/* The tag at `at`, if it is a provider's. False: no memory. */
static bool take_provider(struct manifest_files *files, const char *at, const char *end)
{
    struct xml xml = xml_of(at, (size_t)(end - at));
    struct xml_tag tag;
    return !xml_next(&xml, &tag) || !xml_is(&tag.name, "provider") || add_entry(files, &tag);
}

/* Every tag "<provider": only these are read. */
static bool find_providers(struct manifest_files *files, const char *text, size_t size)
{
    static const char tag_start[] = "<provider";
    const size_t length = sizeof tag_start - 1;
    const char *end = text + size;
    const char *at = text;
    while ((size_t)(end - at) > length) {
        at = memchr(at, '<', (size_t)(end - at) - length);
        if (at == NULL) {
            return true;
        }
        if (memcmp(at, tag_start, length) == 0 && !take_provider(files, at, end)) {
            return false;
        }
        at++;
    }
    return true;
}

/* UTF-16 has to be understood first. */
static bool find_in_utf16(struct manifest_files *files, const char *text, size_t size)
{
    struct manifest *manifest = manifest_open(text, size);
    struct entry entry = {.path = files->file_count};
    const char *name = NULL;
    bool good = manifest != NULL;
    for (size_t i = 0; good && manifest_provider(manifest, i, entry.id, &name); i++) {
        struct entry *entries = realloc(files->entries, (files->entry_count + 1) * sizeof *entries);
        entry.name = malloc(strlen(name) + 1);
        if (entries != NULL) {
            files->entries = entries;
        }
        good = entries != NULL && entry.name != NULL;
        if (good) {
            memcpy(entry.name, name, strlen(name) + 1);
            entries[files->entry_count++] = entry;
        } else {
            free(entry.name);
        }
    }
    manifest_close(manifest);
    return good;
}

static bool add_file(struct manifest_files *files, const char *path)
{
    size_t size = 0;
    char *text = read_all(path, &size);
    if (text == NULL) {
        return true; /* not readable: then it describes nothing */
    }
    const size_t before = files->entry_count;
    const bool utf16 = size >= 2 && (((uint8_t)text[0] == 0xff && (uint8_t)text[1] == 0xfe) ||
                                     ((uint8_t)text[0] == 0xfe && (uint8_t)text[1] == 0xff));
    bool good = utf16 ? find_in_utf16(files, text, size) : find_providers(files, text, size);
    free(text);
    if (!good || files->entry_count == before) {
        return good;
    }
    struct text_file *grown = realloc(files->files, (files->file_count + 1) * sizeof *grown);
    char *copy = malloc(strlen(path) + 1);
    if (grown != NULL) {
        files->files = grown;
    }
    if (grown == NULL || copy == NULL) {
        free(copy);
        return false;
    }
    memcpy(copy, path, strlen(path) + 1);
    grown[files->file_count++] = (struct text_file){.path = copy};
    return true;
}

static bool each_file(void *context, const char *path)
{
    struct search *search = context;
    if (search->files->file_count < MAXIMUM_FILES && !add_file(search->files, path)) {
        search->failed = true;
    }
    return !search->failed;
}

static enum etwas_status add_path(struct manifest_files *files, const char *path,
                                  struct etwas_error *error)
{
    struct search search = {.files = files};
    const size_t before = files->entry_count;
    if (file_list(path, each_file, &search) != ETWAS_OK) {
        struct file *file = NULL;
        uint64_t size = 0;
        const enum etwas_status status = file_open(path, &file, &size, error);
        file_close(file);
        if (status != ETWAS_OK) {
            error->doing = "opening a manifest";
            return status;
        }
        (void)each_file(&search, path);
    }
    if (search.failed) {
        *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "reading manifests"};
        return ETWAS_NO_MEMORY;
    }
    if (files->entry_count == before) {
        *error =
            (struct etwas_error){ETWAS_MALFORMED, 0, "there is no manifest of a provider in it"};
        return ETWAS_MALFORMED;
    }
    return ETWAS_OK;
}

enum etwas_status manifest_files_open(const struct schemas_options *options,
                                      struct manifest_files **files, struct etwas_error *error)
{
    struct manifest_files *made = calloc(1, sizeof *made);
    enum etwas_status status = made != NULL ? ETWAS_OK : ETWAS_NO_MEMORY;
    *files = NULL;
    *error = (struct etwas_error){ETWAS_NO_MEMORY, 0, "reading manifests"};
    for (size_t i = 0; i < options->manifest_count && status == ETWAS_OK; i++) {
        status = add_path(made, options->manifests[i], error);
        if (status != ETWAS_OK && options->failed != NULL) {
            *options->failed = options->manifests[i];
        }
    }
    if (status != ETWAS_OK) {
        manifest_files_close(made);
        return status;
    }
    *files = made;
    return ETWAS_OK;
}

void manifest_files_close(struct manifest_files *files)
{
    if (files == NULL) {
        return;
    }
    for (size_t i = 0; i < files->entry_count; i++) {
        free(files->entries[i].name);
    }
    for (size_t i = 0; i < files->file_count; i++) {
        free(files->files[i].path);
        manifest_close(files->files[i].manifest);
    }
    free(files->entries);
    free(files->files);
    free(files);
}

static void open_file(struct manifest_files *files, struct text_file *file)
{
    size_t size = 0;
    size_t line = 0;
    char *text = read_all(file->path, &size);
    file->manifest = text != NULL ? manifest_open(text, size) : NULL;
    file->failed = file->manifest == NULL;
    free(text);
    const size_t faults = file->failed ? 0 : manifest_faults(file->manifest, &line);
    if (file->failed) {
        (void)snprintf(files->notice, NOTICE_SIZE, "%.300s: cannot be read any more", file->path);
        files->noticed = true;
    } else if (faults != 0) {
        (void)snprintf(files->notice, NOTICE_SIZE,
                       "%.300s: not well-formed at %zu places, the first in line %zu; read all the "
                       "same",
                       file->path, faults, line);
        files->noticed = true;
    }
}

/* Of the providers in one file those with the record's GUID. */
static const struct etw_layout *find_in(const struct manifest *manifest,
                                        const struct etl_record *record,
                                        const struct manifest_wanted *wanted, struct arena *arena)
{
    uint8_t id[SCHEMAS_ID_SIZE];
    const char *name = NULL;
    const struct etw_layout *layout = NULL;
    for (size_t i = 0; layout == NULL && manifest_provider(manifest, i, id, &name); i++) {
        if (memcmp(id, record->provider_id, SCHEMAS_ID_SIZE) == 0) {
            layout = manifest_layout(manifest, i, wanted, arena);
        }
    }
    return layout;
}

const struct etw_layout *manifest_files_layout(struct manifest_files *files,
                                               const struct etl_record *record,
                                               const struct schemas_options *options,
                                               struct arena *arena)
{
    const struct manifest_wanted wanted = {.id = record->id,
                                           .version = record->version,
                                           .pointer_size = record->pointer_size,
                                           .raw_values = options->raw_values,
                                           .keep_values = options->keep_values,
                                           .source = ETW_MANIFEST};
    for (size_t i = 0; i < files->entry_count; i++) {
        const struct entry *entry = &files->entries[i];
        if (memcmp(entry->id, record->provider_id, SCHEMAS_ID_SIZE) != 0) {
            continue;
        }
        struct text_file *file = &files->files[entry->path];
        if (file->manifest == NULL && !file->failed) {
            open_file(files, file);
        }
        const struct etw_layout *layout =
            file->manifest != NULL ? find_in(file->manifest, record, &wanted, arena) : NULL;
        if (layout != NULL) {
            return layout;
        }
    }
    return NULL;
}

bool manifest_files_id(const struct manifest_files *files, const char *name,
                       uint8_t id[SCHEMAS_ID_SIZE])
{
    for (size_t i = 0; i < files->entry_count; i++) {
        if (strcmp(files->entries[i].name, name) == 0) {
            memcpy(id, files->entries[i].id, SCHEMAS_ID_SIZE);
            return true;
        }
    }
    return false;
}

const char *manifest_files_notice(struct manifest_files *files)
{
    if (!files->noticed) {
        return NULL;
    }
    files->noticed = false;
    return files->notice;
}
