/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/etw/decode.h"
#include "monitor/etw/manifest_parts.h"
#include "monitor/etw/schemas_parts.h"

/* From the tags of one event to its layout: names of types are those of winmeta.xml. */

enum {
    MAXIMUM_FIELDS = 512,
    MAXIMUM_ENTRIES = 16384, /* of a map */
};

struct named {
    const char *name;
    uint16_t value;
};

static const struct named in_types[] = {
    {"UnicodeString",        ETW_IN_UTF16                  },
    {"AnsiString",           ETW_IN_ANSI                   },
    {"Int8",                 ETW_IN_INT8                   },
    {"UInt8",                ETW_IN_UINT8                  },
    {"Int16",                ETW_IN_INT16                  },
    {"UInt16",               ETW_IN_UINT16                 },
    {"Int32",                ETW_IN_INT32                  },
    {"UInt32",               ETW_IN_UINT32                 },
    {"Int64",                ETW_IN_INT64                  },
    {"UInt64",               ETW_IN_UINT64                 },
    {"Float",                ETW_IN_FLOAT                  },
    {"Double",               ETW_IN_DOUBLE                 },
    {"Boolean",              ETW_IN_BOOLEAN                },
    {"Binary",               ETW_IN_BINARY                 },
    {"GUID",                 ETW_IN_GUID                   },
    {"Pointer",              ETW_IN_POINTER                },
    {"SizeT",                ETW_IN_SIZE                   },
    {"FILETIME",             ETW_IN_FILETIME               },
    {"SYSTEMTIME",           ETW_IN_SYSTEMTIME             },
    {"SID",                  ETW_IN_SID                    },
    {"HexInt32",             ETW_IN_HEX32                  },
    {"HexInt64",             ETW_IN_HEX64                  },
    {"CountedUtf16String",   ETW_IN_MANIFEST_COUNTED_UTF16 },
    {"CountedUnicodeString", ETW_IN_MANIFEST_COUNTED_UTF16 },
    {"CountedMbcsString",    ETW_IN_MANIFEST_COUNTED_ANSI  },
    {"CountedAnsiString",    ETW_IN_MANIFEST_COUNTED_ANSI  },
    {"CountedBinary",        ETW_IN_MANIFEST_COUNTED_BINARY},
};

static const struct named out_types[] = {
    {"string",                     ETW_OUT_STRING          },
    {"dateTime",                   ETW_OUT_DATETIME        },
    {"byte",                       ETW_OUT_BYTE            },
    {"unsignedByte",               ETW_OUT_UNSIGNED_BYTE   },
    {"short",                      ETW_OUT_SHORT           },
    {"unsignedShort",              ETW_OUT_UNSIGNED_SHORT  },
    {"int",                        ETW_OUT_INT             },
    {"unsignedInt",                ETW_OUT_UNSIGNED_INT    },
    {"long",                       ETW_OUT_LONG            },
    {"unsignedLong",               ETW_OUT_UNSIGNED_LONG   },
    {"float",                      ETW_OUT_FLOAT           },
    {"double",                     ETW_OUT_DOUBLE          },
    {"boolean",                    ETW_OUT_BOOLEAN         },
    {"GUID",                       ETW_OUT_GUID            },
    {"hexBinary",                  ETW_OUT_HEX_BINARY      },
    {"HexInt8",                    ETW_OUT_HEX8            },
    {"HexInt16",                   ETW_OUT_HEX16           },
    {"HexInt32",                   ETW_OUT_HEX32           },
    {"HexInt64",                   ETW_OUT_HEX64           },
    {"PID",                        ETW_OUT_PID             },
    {"TID",                        ETW_OUT_TID             },
    {"Port",                       ETW_OUT_PORT            },
    {"IPv4",                       ETW_OUT_IPV4            },
    {"IPv6",                       ETW_OUT_IPV6            },
    {"SocketAddress",              ETW_OUT_SOCKET_ADDRESS  },
    {"CIMDateTime",                ETW_OUT_CIM_DATETIME    },
    {"ETWTIME",                    ETW_OUT_ETW_TIME        },
    {"Xml",                        ETW_OUT_XML             },
    {"ErrorCode",                  ETW_OUT_ERROR_CODE      },
    {"Win32Error",                 ETW_OUT_WIN32_ERROR     },
    {"NTSTATUS",                   ETW_OUT_NTSTATUS        },
    {"HResult",                    ETW_OUT_HRESULT         },
    {"DateTimeCultureInsensitive", ETW_OUT_CULTURE_DATETIME},
    {"Json",                       ETW_OUT_JSON            },
    {"Utf8",                       ETW_OUT_UTF8            },
    {"Pkcs7WithTypeInfo",          ETW_OUT_PKCS7           },
    {"CodePointer",                ETW_OUT_CODE_POINTER    },
    {"DateTimeUtc",                ETW_OUT_DATETIME_UTC    },
};

struct build {
    const struct manifest *manifest;
    size_t provider;
    struct arena *arena;
    size_t count;
    size_t top; /* fields at the top: those behind are members */
    bool cut;   /* what follows cannot be told apart any more */
    struct etw_field fields[MAXIMUM_FIELDS];
    struct xml_piece names[MAXIMUM_FIELDS];
};

/* Without its prefix: "win:UInt32", "xs:string", "trace:..." */
static struct xml_piece local_name(const struct xml_piece *piece)
{
    const char *colon = piece->size != 0 ? memchr(piece->data, ':', piece->size) : NULL;
    if (colon == NULL) {
        return *piece;
    }
    return (struct xml_piece){colon + 1, piece->size - (size_t)(colon - piece->data) - 1};
}

static bool find_named(const struct named *table, size_t count, const struct xml_piece *piece,
                       uint16_t *value)
{
    const struct xml_piece name = local_name(piece);
    for (size_t i = 0; i < count; i++) {
        if (xml_is(&name, table[i].name)) {
            *value = table[i].value;
            return true;
        }
    }
    return false;
}

/* A count or a length: a number, or the name of a field before; the nearest of that name. */
static bool set_extent(const struct build *build, const struct xml_piece *piece, uint8_t *from,
                       uint16_t *number)
{
    uint64_t value = 0;
    if (manifest_number(piece, &value)) {
        *from = ETW_EXTENT_FIXED;
        *number = (uint16_t)(value < UINT16_MAX ? value : UINT16_MAX);
        return true;
    }
    for (size_t i = build->count; i > 0; i--) {
        if (build->names[i - 1].size == piece->size &&
            memcmp(build->names[i - 1].data, piece->data, piece->size) == 0) {
            *from = ETW_EXTENT_FIELD;
            *number = (uint16_t)(i - 1);
            return true;
        }
    }
    return false;
}

static const struct etw_map *make_map(const struct build *build, const struct manifest_item *item)
{
    struct xml xml = xml_of(item->inside,
                            (size_t)(build->manifest->text + build->manifest->size - item->inside));
    struct etw_map *map = arena_take(build->arena, sizeof *map);
    struct xml_tag tag;
    uint32_t count = 0;
    while (!item->tag.empty && xml_next(&xml, &tag) && xml_is(&tag.name, "map")) {
        count += tag.closes ? 0 : 1;
    }
    struct etw_map_entry *entries = arena_take(build->arena, ((size_t)count + 1) * sizeof *entries);
    if (map == NULL || entries == NULL || count > MAXIMUM_ENTRIES) {
        return NULL;
    }
    *map = (struct etw_map){.is_bits = xml_is(&item->tag.name, "bitMap"), .entries = entries};
    xml = xml_of(item->inside,
                 (size_t)(build->manifest->text + build->manifest->size - item->inside));
    while (map->count < count && xml_next(&xml, &tag)) {
        struct xml_piece value;
        struct xml_piece message;
        uint64_t number = 0;
        if (tag.closes || !xml_attribute(&tag, "value", &value) ||
            !xml_attribute(&tag, "message", &message) || !manifest_number(&value, &number)) {
            count--;
            continue;
        }
        const char *text = manifest_message(build->manifest, &message, build->arena);
        if (text == NULL) {
            return NULL;
        }
        entries[map->count++] = (struct etw_map_entry){(uint32_t)number, text};
    }
    return map;
}

static void set_map(const struct build *build, const struct xml_tag *tag, struct etw_field *field)
{
    struct xml_piece name;
    if (xml_attribute(tag, "map", &name)) {
        const struct manifest_item *item =
            manifest_find(build->manifest, MANIFEST_MAP, build->provider, &name);
        field->map = item != NULL ? make_map(build, item) : NULL;
    }
}

/* False: it cannot be decoded, nor can anything behind it. */
static bool set_field(struct build *build, const struct xml_tag *tag, struct etw_field *field)
{
    struct xml_piece piece;
    *field = (struct etw_field){.name = NULL};
    if (!xml_attribute(tag, "name", &piece)) {
        return false;
    }
    build->names[build->count] = piece;
    field->name = manifest_text(&piece, build->arena);
    field->is_struct = xml_is(&tag->name, "struct");
    if (xml_attribute(tag, "count", &piece) &&
        !set_extent(build, &piece, &field->count_from, &field->count)) {
        return false;
    }
    if (field->is_struct) {
        return field->name != NULL;
    }
    if (!xml_attribute(tag, "inType", &piece) ||
        !find_named(in_types, sizeof in_types / sizeof in_types[0], &piece, &field->in_type)) {
        return false;
    }
    if (xml_attribute(tag, "outType", &piece)) {
        (void)find_named(out_types, sizeof out_types / sizeof out_types[0], &piece,
                         &field->out_type);
    }
    if (xml_attribute(tag, "length", &piece) &&
        !set_extent(build, &piece, &field->length_from, &field->length)) {
        return false;
    }
    set_map(build, tag, field);
    return field->name != NULL;
}

/* A field of this level; what cannot be told apart any more is left out. */
static void add_field(struct build *build, const struct xml_tag *tag)
{
    build->cut = build->cut || build->count == MAXIMUM_FIELDS ||
                 !set_field(build, tag, &build->fields[build->count]);
    build->count += build->cut ? 0 : 1;
}

/* How many structs are open behind a tag of one. */
static size_t deeper(const struct xml_tag *tag, size_t depth)
{
    if (tag->closes) {
        return depth > 0 ? depth - 1 : 0;
    }
    return tag->empty ? depth : depth + 1;
}

/* The data elements of one level; structs' members come later, behind all of them. */
static void take_level(struct build *build, struct xml *xml, const char *closing)
{
    struct xml_tag tag;
    size_t depth = 0; /* of structs inside, which are passed over here */
    while (xml_next(xml, &tag)) {
        const bool is_struct = xml_is(&tag.name, "struct");
        if (tag.closes && depth == 0 && xml_is(&tag.name, closing)) {
            return;
        }
        if (!tag.closes && depth == 0 && (is_struct || xml_is(&tag.name, "data"))) {
            add_field(build, &tag);
        }
        if (is_struct) {
            depth = deeper(&tag, depth);
        }
    }
}

/* The place behind the opening tag of struct number `index` at the level that `xml` is in. */
static bool find_struct(struct xml *xml, size_t index)
{
    struct xml_tag tag;
    size_t depth = 0;
    while (xml_next(xml, &tag)) {
        if (!xml_is(&tag.name, "struct")) {
            continue;
        }
        if (tag.closes) {
            depth -= depth > 0 ? 1 : 0;
        } else if (depth == 0 && index-- == 0) {
            return !tag.empty;
        } else {
            depth += tag.empty ? 0 : 1;
        }
    }
    return false;
}

/* Manifests nest structs no deeper than one level (EventManifest schema, DataDefinitionType). */
static void take_fields(struct build *build, const struct manifest_item *item)
{
    const char *end = build->manifest->text + build->manifest->size;
    struct xml xml = xml_of(item->inside, (size_t)(end - item->inside));
    if (item->tag.empty) {
        return;
    }
    take_level(build, &xml, "template");
    build->top = build->count;
    size_t structs = 0;
    for (size_t i = 0; i < build->top; i++) {
        struct etw_field *field = &build->fields[i];
        if (!field->is_struct) {
            continue;
        }
        xml = xml_of(item->inside, (size_t)(end - item->inside));
        field->first = (uint16_t)build->count;
        if (find_struct(&xml, structs++)) {
            take_level(build, &xml, "struct");
        }
        field->members = (uint16_t)(build->count - field->first);
    }
}

static const char *joined(const char *a, const char *b, struct arena *arena)
{
    const size_t room = strlen(a) + strlen(b) + 2;
    char *text = arena_take(arena, room);
    if (text != NULL) {
        (void)snprintf(text, room, "%s%s%s", a, b[0] != '\0' ? "/" : "", b);
    }
    return text;
}

/* What people call a task or an opcode: its message, else its name. NULL: it has neither. */
static const char *display_name(const struct build *build, enum manifest_kind kind,
                                const struct xml_tag *event, const char *attribute)
{
    struct xml_piece name;
    struct xml_piece message;
    if (!xml_attribute(event, attribute, &name) || name.size == 0) {
        return NULL;
    }
    const struct manifest_item *item = manifest_find(build->manifest, kind, build->provider, &name);
    if (item != NULL && xml_attribute(&item->tag, "message", &message)) {
        return manifest_message(build->manifest, &message, build->arena);
    }
    const struct xml_piece local = local_name(&name);
    return manifest_text(&local, build->arena);
}

static void set_names(const struct build *build, const struct manifest_item *event,
                      struct etw_layout *layout)
{
    struct schema *schema = &layout->schema;
    struct xml_piece piece;
    const char *task = display_name(build, MANIFEST_TASK, &event->tag, "task");
    const char *opcode = display_name(build, MANIFEST_OPCODE, &event->tag, "opcode");
    schema->task_name = task;
    schema->opcode_name = opcode;
    if (xml_attribute(&event->tag, "name", &piece) ||
        xml_attribute(&event->tag, "symbol", &piece)) {
        schema->event_name = manifest_text(&piece, build->arena);
    } else if (task != NULL) {
        schema->event_name = joined(task, opcode != NULL ? opcode : "", build->arena);
    } else {
        schema->event_name = "";
    }
    if (xml_attribute(&event->tag, "message", &piece)) {
        layout->message = manifest_message(build->manifest, &piece, build->arena);
    }
    if (xml_attribute(&event->tag, "channel", &piece)) {
        layout->channel = manifest_text(&piece, build->arena);
    }
    schema->provider = schemas_copy(build->arena, build->manifest->providers[build->provider].name,
                                    strlen(build->manifest->providers[build->provider].name) + 1);
    schema->provider_id = schemas_copy(build->arena, build->manifest->providers[build->provider].id,
                                       MANIFEST_ID_SIZE);
}

/* The event itself, or the version nearest below, or the first above. */
static const struct manifest_item *find_event(const struct manifest *manifest, size_t provider,
                                              const struct manifest_wanted *wanted)
{
    const struct manifest_item *best = NULL;
    for (size_t i = 0; i < manifest->item_count; i++) {
        const struct manifest_item *item = &manifest->items[i];
        if (item->kind != MANIFEST_EVENT || item->provider != provider || item->id != wanted->id) {
            continue;
        }
        const bool older = item->version <= wanted->version;
        const bool best_older = best != NULL && best->version <= wanted->version;
        if (best == NULL || (older && (!best_older || item->version > best->version)) ||
            (!older && !best_older && item->version < best->version)) {
            best = item;
        }
    }
    return best;
}

static const struct etw_layout *finish(struct build *build, const struct manifest_item *event,
                                       const struct manifest_wanted *wanted)
{
    struct xml_piece name;
    struct etw_layout *layout = arena_take(build->arena, sizeof *layout);
    if (layout == NULL) {
        return NULL;
    }
    *layout = (struct etw_layout){.source = wanted->source,
                                  .pointer_size = wanted->pointer_size,
                                  .raw_values = wanted->raw_values,
                                  .keep_values = wanted->keep_values,
                                  .nearest = event->version != wanted->version};
    const struct manifest_item *template =
        xml_attribute(&event->tag, "template", &name)
            ? manifest_find(build->manifest, MANIFEST_TEMPLATE, build->provider, &name)
            : NULL;
    if (template != NULL) {
        take_fields(build, template);
    }
    layout->fields =
        schemas_copy(build->arena, build->fields, build->count * sizeof build->fields[0]);
    layout->field_total = (uint16_t)build->count;
    layout->top_count = (uint16_t)build->top;
    set_names(build, event, layout);
    return layout->schema.event_name != NULL && layout->schema.provider != NULL &&
                   layout->schema.provider_id != NULL && layout->fields != NULL &&
                   etw_layout_finish(layout, build->arena)
               ? layout
               : NULL;
}

const struct etw_layout *manifest_layout(const struct manifest *manifest, size_t index,
                                         const struct manifest_wanted *wanted, struct arena *arena)
{
    const struct manifest_item *event = find_event(manifest, index, wanted);
    struct build *build = event != NULL ? malloc(sizeof *build) : NULL;
    if (build == NULL) {
        return NULL;
    }
    build->manifest = manifest;
    build->provider = index;
    build->arena = arena;
    build->count = 0;
    build->top = 0;
    build->cut = false;
    const struct etw_layout *layout = finish(build, event, wanted);
    free(build);
    return layout;
}
