/* SPDX-License-Identifier: MIT */
#include "monitor/etw/images.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/load.h"
#include "monitor/etw/decode_parts.h"

enum {
    KERNEL_PROCESS = 4, /* and 0: modules of all processes */
    FIRST_ROOM = 1024,
    NAME_MEMORY = 8 * 1024 * 1024,
    NAME_SIZE = 256,
    OFFSET_SIZE = 24,
    LOAD = 10,
    UNLOAD = 2,
    RUNDOWN_END = 4,
    TAIL_64 = 56, /* bytes before the name: Image_V2 and later of the SDK's MOF classes */
    TAIL_32 = 44,
};

struct image {
    uint64_t base;
    uint64_t size;
    uint32_t process;
    uint32_t file;
    size_t order; /* of arrival: of two that say the same, the first is kept */
    const char *name;
};

struct images {
    struct image *list;
    size_t count;
    size_t room;
    bool sorted;
    struct arena *names;
};

struct images *images_open(void)
{
    struct images *images = calloc(1, sizeof *images);
    if (images != NULL) {
        images->names = arena_open(NAME_MEMORY);
    }
    if (images == NULL || images->names == NULL) {
        free(images);
        return NULL;
    }
    return images;
}

void images_close(struct images *images)
{
    if (images != NULL) {
        arena_close(images->names);
        free(images->list);
        free(images);
    }
}

static bool is_about_image(const struct etl_record *record)
{
    static const uint16_t image_group = 0x1400;
    static const uint16_t load = 0x0300 | LOAD;
    const bool kernel =
        record->kind == ETL_SYSTEM || record->kind == ETL_COMPACT || record->kind == ETL_PERFINFO;
    return kernel && record->version >= 2 &&
           (record->hook == load || (record->hook >= (image_group | UNLOAD) &&
                                     record->hook <= (image_group | RUNDOWN_END)));
}

static bool has_room(struct images *images)
{
    if (images->count < images->room) {
        return true;
    }
    if (images->count == IMAGES_MAXIMUM) {
        return false;
    }
    const size_t room = images->room != 0 ? images->room * 2 : FIRST_ROOM;
    struct image *list = realloc(images->list, room * sizeof *list);
    if (list == NULL) {
        return false;
    }
    images->list = list;
    images->room = room;
    return true;
}

/* The last part of the path. */
static const char *short_name(struct images *images, const uint8_t *data, size_t size)
{
    const struct value value = etw_utf16(data, size, images->names);
    if (value.type != VALUE_TEXT) {
        return NULL;
    }
    const char *text = value.as.text.data;
    size_t start = value.as.text.size;
    while (start > 0 && text[start - 1] != '\\' && value.as.text.size - start < NAME_SIZE - 1) {
        start--;
    }
    const size_t length = value.as.text.size - start;
    char *name = arena_take(images->names, length + 1);
    if (name != NULL) {
        memcpy(name, text + start, length);
        name[length] = '\0';
    }
    return name;
}

static uint64_t pointer_at(const struct etl_record *record, size_t offset)
{
    return record->pointer_size == 8 ? load_u64(record->payload + offset)
                                     : load_u32(record->payload + offset);
}

void images_learn(struct images *images, const struct etl_record *record)
{
    const size_t tail = record->pointer_size == 8 ? TAIL_64 : TAIL_32;
    if (!is_about_image(record) || record->payload_size <= tail || !has_room(images)) {
        return;
    }
    const uint32_t process = load_u32(record->payload + 2 * (size_t)record->pointer_size);
    const char *name = short_name(images, record->payload + tail, record->payload_size - tail);
    if (name == NULL) {
        return;
    }
    images->list[images->count] = (struct image){.base = pointer_at(record, 0),
                                                 .size = pointer_at(record, record->pointer_size),
                                                 .process = process == KERNEL_PROCESS ? 0 : process,
                                                 .file = record->file,
                                                 .order = images->count,
                                                 .name = name};
    images->count++;
    images->sorted = false;
}

static int compare_places(const struct image *left, const struct image *right)
{
    if (left->file != right->file) {
        return left->file < right->file ? -1 : 1;
    }
    if (left->process != right->process) {
        return left->process < right->process ? -1 : 1;
    }
    return left->base < right->base ? -1 : left->base > right->base;
}

static int compare(const void *one, const void *other)
{
    const struct image *left = one;
    const struct image *right = other;
    const int order = compare_places(left, right);
    return order != 0 ? order : left->order < right->order ? -1 : left->order > right->order;
}

/* Sorted by file, process and base; of several at one base the first to come stays. */
static void sort(struct images *images)
{
    size_t kept = 0;
    if (images->count != 0) {
        qsort(images->list, images->count, sizeof *images->list, compare);
    }
    for (size_t i = 0; i < images->count; i++) {
        if (kept == 0 || compare_places(&images->list[kept - 1], &images->list[i]) != 0) {
            images->list[kept++] = images->list[i];
        }
    }
    images->count = kept;
    images->sorted = true;
}

static const struct image *find(const struct images *images, const struct image_place *place,
                                uint32_t process)
{
    const struct image wanted = {.base = place->address, .process = process, .file = place->file};
    size_t low = 0;
    size_t high = images->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_places(&images->list[middle], &wanted) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return NULL;
    }
    const struct image *image = &images->list[low - 1];
    return image->file == place->file && image->process == process &&
                   place->address - image->base < image->size
               ? image
               : NULL;
}

struct value images_name(struct images *images, const struct image_place *place,
                         struct arena *arena)
{
    const struct value hex = {.type = VALUE_HEX, .as.u = place->address};
    if (!images->sorted) {
        sort(images);
    }
    const struct image *image = find(images, place, place->process);
    if (image == NULL && place->process != 0) {
        image = find(images, place, 0);
    }
    if (image == NULL) {
        return hex;
    }
    const size_t room = strlen(image->name) + OFFSET_SIZE;
    char *text = arena_take(arena, room);
    if (text == NULL) {
        return hex;
    }
    const int size =
        snprintf(text, room, "%s+0x%" PRIx64, image->name, place->address - image->base);
    return (struct value){
        .type = VALUE_TEXT, .as.text = {.data = text, .size = (size_t)size}
    };
}
