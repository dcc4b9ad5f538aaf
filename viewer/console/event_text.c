/* SPDX-License-Identifier: MIT */
#include "viewer/console/event_text.h"

#include <string.h>

#include "ipc/json.h"

/* The columns that are shown, in this order but for the first two, which share a line. */
enum column {
    EVENT_ID,
    EVENT_NAME,
    TIME_CREATED,
    PROVIDER,
    COMPUTER,
    PROCESS_ID,
    PROCESS_NAME,
    THREAD_ID,
    CPU,
    TASK,
    ACTIVITY_ID,
    MESSAGE,
    EVENT_DATA,
    COLUMNS
};

static const struct known {
    const char *name;
    const char *key; /* before the value; NULL: has no line of its own */
} columns[COLUMNS] = {
    [EVENT_ID] = {"EventId",     NULL          },
    [EVENT_NAME] = {"EventName",   NULL          },
    [TIME_CREATED] = {"TimeCreated", "Timestamp: " },
    [PROVIDER] = {"Provider",    "Provider: "  },
    [COMPUTER] = {"Computer",    "Computer: "  },
    [PROCESS_ID] = {"ProcessId",   "Process: "   },
    [PROCESS_NAME] = {"ProcessName", NULL          },
    [THREAD_ID] = {"ThreadId",    "Thread: "    },
    [CPU] = {"Cpu",         "Cpu: "       },
    [TASK] = {"Task",        "Task: "      },
    [ACTIVITY_ID] = {"ActivityId",  "ActivityId: "},
    [MESSAGE] = {"Message",     "Message: "   },
    [EVENT_DATA] = {"EventData",   NULL          },
};

/* What a line says; `data` is NULL for what it does not. */
struct found {
    struct json_piece values[COLUMNS];
};

static enum column column_of(const struct json_piece *name)
{
    enum column column = 0;
    while (column < COLUMNS && !json_is(name, columns[column].name)) {
        column++;
    }
    return column;
}

static bool find_all(const char *line, size_t size, struct found *found)
{
    struct json_walker walker = json_walk_object(line, size);
    struct json_piece name;
    struct json_piece value;
    while (json_member(&walker, &name, &value)) {
        const enum column column = column_of(&name);
        if (column != COLUMNS) {
            found->values[column] = value;
        }
    }
    return json_end(&walker) == ETWAS_OK;
}

static uint32_t hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return (uint32_t)(digit - '0');
    }
    return (uint32_t)((digit | 0x20) - 'a' + 10);
}

/* The unit of a \uXXXX that is known to be right; `text` is behind the "u". */
static uint32_t unit_at(const char *text)
{
    uint32_t unit = 0;
    for (size_t i = 0; i < 4; i++) {
        unit = unit << 4 | hex_digit(text[i]);
    }
    return unit;
}

/* The character of an escape, `text` behind its backslash; what it took of the text. */
static uint32_t escaped_character(const char *text, size_t size, size_t *taken)
{
    static const char LETTERS[] = "bfnrt";
    static const char CODES[] = "\b\f\n\r\t";
    const char *letter = strchr(LETTERS, text[0]);
    *taken = 1;
    if (text[0] != 'u' || size < 5) {
        return letter != NULL && *letter != 0 ? (uint32_t)CODES[letter - LETTERS]
                                              : (uint32_t)(uint8_t)text[0];
    }
    *taken = 5;
    const uint32_t unit = unit_at(text + 1);
    if (unit < 0xd800 || unit > 0xdfff) {
        return unit;
    }
    if (unit > 0xdbff || size < 11 || text[5] != '\\' || text[6] != 'u') {
        return 0xfffd;
    }
    const uint32_t low = unit_at(text + 7);
    if (low < 0xdc00 || low > 0xdfff) {
        return 0xfffd;
    }
    *taken = 11;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

static void put_string(struct output *output, const struct json_piece *piece)
{
    const char *at = piece->data;
    size_t size = piece->size;
    while (piece->escaped && size != 0) {
        const char *slash = memchr(at, '\\', size);
        const size_t run = slash == NULL ? size : (size_t)(slash - at);
        output_put_plain(output, at, run);
        at += run;
        size -= run;
        if (size < 2) {
            return;
        }
        size_t taken = 0;
        const uint32_t code = escaped_character(at + 1, size - 1, &taken);
        output_put_character(output, code);
        at += 1 + taken;
        size -= 1 + taken;
    }
    output_put_plain(output, at, size);
}

/* Arrays and strings in them are as etwas shows them; objects stay JSON. */
static void put_value(struct output *output, const struct json_piece *value);

static void put_array(struct output *output, const struct json_piece *array)
{
    struct json_walker walker = json_walk_array(array->data, array->size);
    struct json_piece item;
    OUTPUT_PUT(output, "[");
    for (bool first = true; json_item(&walker, &item); first = false) {
        output_put(output, ", ", first ? 0 : 2);
        if (item.type == JSON_IS_ARRAY) {
            output_put_plain(output, item.data, item.size);
        } else {
            put_value(output, &item);
        }
    }
    OUTPUT_PUT(output, "]");
}

static void put_value(struct output *output, const struct json_piece *value)
{
    switch (value->type) {
    case JSON_IS_STRING:
        put_string(output, value);
        return;
    case JSON_IS_ARRAY:
        put_array(output, value);
        return;
    case JSON_IS_OBJECT:
    case JSON_IS_NUMBER:
    case JSON_IS_TRUE:
    case JSON_IS_FALSE:
    case JSON_IS_NULL:
        output_put_plain(output, value->data, value->size);
        return;
    }
}

/* "Event: 2000 (Ping)"; events without a name have their provider's. */
static void put_head(struct output *output, const struct found *found)
{
    const struct json_piece *id = &found->values[EVENT_ID];
    const struct json_piece *name = &found->values[EVENT_NAME];
    if (name->data == NULL || name->size == 0) {
        name = &found->values[PROVIDER];
    }
    OUTPUT_PUT(output, "Event: ");
    if (id->data != NULL) {
        put_value(output, id);
    } else {
        OUTPUT_PUT(output, "0");
    }
    if (name->data != NULL) {
        OUTPUT_PUT(output, " (");
        put_value(output, name);
        OUTPUT_PUT(output, ")");
    }
    OUTPUT_PUT(output, "\n");
}

static void put_column(struct output *output, const struct found *found, enum column column)
{
    const struct json_piece *value = &found->values[column];
    if (columns[column].key == NULL || value->data == NULL || value->type == JSON_IS_NULL) {
        return;
    }
    output_put(output, columns[column].key, strlen(columns[column].key));
    put_value(output, value);
    if (column == PROCESS_ID && found->values[PROCESS_NAME].data != NULL) {
        OUTPUT_PUT(output, " (");
        put_value(output, &found->values[PROCESS_NAME]);
        OUTPUT_PUT(output, ")");
    }
    OUTPUT_PUT(output, "\n");
}

static void put_fields(struct output *output, const struct json_piece *data)
{
    struct json_walker walker = json_walk_object(data->data, data->size);
    struct json_piece name;
    struct json_piece value;
    while (json_member(&walker, &name, &value)) {
        put_string(output, &name);
        OUTPUT_PUT(output, " = ");
        put_value(output, &value);
        OUTPUT_PUT(output, "\n");
    }
}

bool event_text_put(struct output *output, const char *line, size_t size)
{
    struct found found = {0};
    if (!find_all(line, size, &found)) {
        return false;
    }
    put_head(output, &found);
    for (enum column column = TIME_CREATED; column < COLUMNS; column++) {
        put_column(output, &found, column);
    }
    if (found.values[EVENT_DATA].data != NULL && found.values[EVENT_DATA].type == JSON_IS_OBJECT) {
        put_fields(output, &found.values[EVENT_DATA]);
    }
    OUTPUT_PUT(output, "\n");
    return true;
}

bool event_text_is_before(const char *line, size_t size, const char *time)
{
    struct json_walker walker = json_walk_object(line, size);
    struct json_piece name;
    struct json_piece value;
    while (json_member(&walker, &name, &value)) {
        if (json_is(&name, columns[TIME_CREATED].name)) {
            const size_t wanted = strlen(time);
            return value.type == JSON_IS_STRING && value.size == wanted &&
                   memcmp(value.data, time, wanted) < 0;
        }
    }
    return false;
}
