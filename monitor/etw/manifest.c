/* SPDX-License-Identifier: MIT */
#include "monitor/etw/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/etl/utf16.h"
#include "monitor/etw/manifest_parts.h"

enum {
    STEP = 64, /* items that are made room for at once, at first */
    MAXIMUM_PROVIDERS = 1024,
    ID_DIGITS = 32,
};

bool manifest_number(const struct xml_piece *piece, uint64_t *number)
{
    const bool hex = piece->size > 2 && piece->data[0] == '0' && (piece->data[1] | 0x20) == 'x';
    *number = 0;
    for (size_t i = hex ? 2 : 0; i < piece->size; i++) {
        const char c = piece->data[i];
        const bool decimal = c >= '0' && c <= '9';
        const bool letter = hex && (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
        if ((!decimal && !letter) || *number > UINT64_MAX / 16 - 1) {
            return false;
        }
        *number = *number * (hex ? 16 : 10) + (uint64_t)(decimal ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return piece->size != 0;
}

bool manifest_parse_id(const char *text, size_t size, uint8_t id[MANIFEST_ID_SIZE])
{
    static const uint8_t order[MANIFEST_ID_SIZE] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
    size_t digits = 0;
    memset(id, 0, MANIFEST_ID_SIZE);
    for (size_t i = 0; i < size; i++) {
        const char c = text[i];
        const bool decimal = c >= '0' && c <= '9';
        const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
        if (c == '{' || c == '}' || c == '-' || c == ' ') {
            continue;
        }
        if ((!decimal && !letter) || digits == ID_DIGITS) {
            return false;
        }
        uint8_t *byte = &id[order[digits / 2]];
        *byte = (uint8_t)(*byte << 4 | (decimal ? c - '0' : (c | 0x20) - 'a' + 10));
        digits++;
    }
    return digits == ID_DIGITS;
}

/* --- taking it in --- */

struct load {
    struct manifest *manifest;
    struct xml xml;
    bool in_provider;
    bool in_resources; /* texts of the first culture are being read */
    size_t cultures;
    bool failed; /* no memory */
};

static bool make_room(void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return true;
    }
    const size_t more = *capacity * 2 + STEP;
    void *grown = realloc(*array, more * size);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *capacity = more;
    return true;
}

static void add_item(struct load *load, const struct manifest_item *item)
{
    struct manifest *manifest = load->manifest;
    void *items = manifest->items;
    if (!make_room(&items, manifest->item_count, &manifest->item_capacity, sizeof *item)) {
        load->failed = true;
        return;
    }
    manifest->items = items;
    manifest->items[manifest->item_count++] = *item;
}

static void add_text(struct load *load, const struct xml_tag *tag)
{
    struct manifest *manifest = load->manifest;
    struct manifest_text text;
    void *texts = manifest->texts;
    if (!xml_attribute(tag, "id", &text.id) || !xml_attribute(tag, "value", &text.value)) {
        return;
    }
    if (!make_room(&texts, manifest->text_count, &manifest->text_capacity, sizeof text)) {
        load->failed = true;
        return;
    }
    manifest->texts = texts;
    manifest->texts[manifest->text_count++] = text;
}

static void add_provider(struct load *load, const struct xml_tag *tag)
{
    struct manifest *manifest = load->manifest;
    struct manifest_who who = {.name = NULL};
    struct xml_piece piece;
    load->in_provider = false;
    if (!xml_attribute(tag, "guid", &piece) || !manifest_parse_id(piece.data, piece.size, who.id) ||
        !xml_attribute(tag, "name", &piece) || manifest->provider_count == MAXIMUM_PROVIDERS) {
        return; /* <provider> is also the name of something else, elsewhere */
    }
    struct manifest_who *providers =
        realloc(manifest->providers, (manifest->provider_count + 1) * sizeof *providers);
    who.name = malloc(piece.size + 1);
    if (providers != NULL) {
        manifest->providers = providers;
    }
    if (providers == NULL || who.name == NULL) {
        free(who.name);
        load->failed = true;
        return;
    }
    who.name[xml_unescape(&piece, who.name)] = '\0';
    providers[manifest->provider_count++] = who;
    load->in_provider = true;
}

/* Events say their number, the others have a name. */
static bool describe(const struct xml_tag *tag, struct manifest_item *item)
{
    struct xml_piece piece;
    uint64_t number = 0;
    if (item->kind != MANIFEST_EVENT) {
        return xml_attribute(tag, item->kind == MANIFEST_TEMPLATE ? "tid" : "name", &item->name);
    }
    if (!xml_attribute(tag, "value", &piece) || !manifest_number(&piece, &number) ||
        number > UINT16_MAX) {
        return false;
    }
    item->id = (uint16_t)number;
    number = 0;
    if (xml_attribute(tag, "version", &piece) &&
        (!manifest_number(&piece, &number) || number > UINT8_MAX)) {
        return false;
    }
    item->version = (uint8_t)number;
    return true;
}

static void take_item(struct load *load, const struct xml_tag *tag)
{
    static const struct {
        const char *name;
        enum manifest_kind kind;
    } kinds[] = {
        {"event",    MANIFEST_EVENT   },
        {"template", MANIFEST_TEMPLATE},
        {"valueMap", MANIFEST_MAP     },
        {"bitMap",   MANIFEST_MAP     },
        {"task",     MANIFEST_TASK    },
        {"opcode",   MANIFEST_OPCODE  },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!xml_is(&tag->name, kinds[i].name)) {
            continue;
        }
        struct manifest_item item = {.kind = kinds[i].kind,
                                     .provider = (uint16_t)(load->manifest->provider_count - 1),
                                     .tag = *tag,
                                     .inside = load->xml.at};
        if (describe(tag, &item)) {
            add_item(load, &item);
        }
        return;
    }
}

static void take_tag(struct load *load, const struct xml_tag *tag)
{
    if (tag->closes) {
        load->in_provider = load->in_provider && !xml_is(&tag->name, "provider");
        load->in_resources = load->in_resources && !xml_is(&tag->name, "resources");
    } else if (xml_is(&tag->name, "provider")) {
        add_provider(load, tag);
    } else if (xml_is(&tag->name, "resources")) {
        load->in_resources = load->cultures++ == 0;
    } else if (load->in_resources && xml_is(&tag->name, "string")) {
        add_text(load, tag);
    } else if (load->in_provider) {
        take_item(load, tag);
    }
}

static int by_id(const void *a, const void *b)
{
    const struct xml_piece *left = &((const struct manifest_text *)a)->id;
    const struct xml_piece *right = &((const struct manifest_text *)b)->id;
    const size_t size = left->size < right->size ? left->size : right->size;
    const int order = memcmp(left->data, right->data, size);
    return order != 0 ? order : left->size < right->size ? -1 : left->size > right->size;
}

/* UTF-16 with the high byte first. False: no memory. */
static bool take_swapped(struct manifest *manifest, const uint8_t *data, size_t size)
{
    uint8_t *swapped = malloc(size + 1);
    if (swapped == NULL) {
        return false;
    }
    for (size_t i = 0; i + 1 < size; i += 2) {
        swapped[i] = data[i + 1];
        swapped[i + 1] = data[i];
    }
    manifest->size = utf16_to_utf8(swapped, size / 2 * 2, manifest->text);
    free(swapped);
    return true;
}

static bool take_text(struct manifest *manifest, const uint8_t *data, size_t size)
{
    const bool little = size >= 2 && data[0] == 0xff && data[1] == 0xfe;
    const bool big = size >= 2 && data[0] == 0xfe && data[1] == 0xff;
    manifest->text = malloc(size / 2 * UTF8_A_UNIT + 4);
    if (manifest->text == NULL) {
        return false;
    }
    if (big) {
        return take_swapped(manifest, data + 2, size - 2);
    }
    if (little) {
        manifest->size = utf16_to_utf8(data + 2, size - 2, manifest->text);
    } else {
        memcpy(manifest->text, data, size);
        manifest->size = size;
    }
    return true;
}

struct manifest *manifest_open(const void *text, size_t size)
{
    struct manifest *manifest = calloc(1, sizeof *manifest);
    struct xml_tag tag;
    if (manifest == NULL || size > MANIFEST_MAX_SIZE || !take_text(manifest, text, size)) {
        manifest_close(manifest);
        return NULL;
    }
    struct load load = {.manifest = manifest, .xml = xml_of(manifest->text, manifest->size)};
    while (!load.failed && xml_next(&load.xml, &tag)) {
        take_tag(&load, &tag);
    }
    if (load.failed) {
        manifest_close(manifest);
        return NULL;
    }
    if (manifest->text_count > 1) {
        qsort(manifest->texts, manifest->text_count, sizeof *manifest->texts, by_id);
    }
    manifest->faults = load.xml.faults;
    manifest->fault_line = load.xml.fault_line;
    return manifest;
}

void manifest_close(struct manifest *manifest)
{
    if (manifest == NULL) {
        return;
    }
    for (size_t i = 0; i < manifest->provider_count; i++) {
        free(manifest->providers[i].name);
    }
    free(manifest->providers);
    free(manifest->items);
    free(manifest->texts);
    free(manifest->text);
    free(manifest);
}

size_t manifest_faults(const struct manifest *manifest, size_t *line)
{
    *line = manifest->fault_line;
    return manifest->faults;
}

bool manifest_provider(const struct manifest *manifest, size_t index, uint8_t id[MANIFEST_ID_SIZE],
                       const char **name)
{
    if (index >= manifest->provider_count) {
        return false;
    }
    memcpy(id, manifest->providers[index].id, MANIFEST_ID_SIZE);
    *name = manifest->providers[index].name;
    return true;
}

/* --- looking up --- */

const struct manifest_item *manifest_find(const struct manifest *manifest, enum manifest_kind kind,
                                          size_t provider, const struct xml_piece *name)
{
    for (size_t i = 0; i < manifest->item_count; i++) {
        const struct manifest_item *item = &manifest->items[i];
        if (item->kind == kind && item->provider == provider && item->name.size == name->size &&
            memcmp(item->name.data, name->data, name->size) == 0) {
            return item;
        }
    }
    return NULL;
}

const char *manifest_text(const struct xml_piece *piece, struct arena *arena)
{
    char *text = arena_take(arena, piece->size + 1);
    if (text != NULL) {
        text[xml_unescape(piece, text)] = '\0';
    }
    return text;
}

const char *manifest_message(const struct manifest *manifest, const struct xml_piece *piece,
                             struct arena *arena)
{
    static const char head[] = "$(string.";
    const size_t head_size = sizeof head - 1;
    if (piece->size > head_size + 1 && memcmp(piece->data, head, head_size) == 0 &&
        manifest->text_count != 0) {
        const struct manifest_text key = {
            .id = {piece->data + head_size, piece->size - head_size - 1}
        };
        const struct manifest_text *found =
            bsearch(&key, manifest->texts, manifest->text_count, sizeof key, by_id);
        if (found != NULL) {
            return manifest_text(&found->value, arena);
        }
    }
    return manifest_text(piece, arena);
}
