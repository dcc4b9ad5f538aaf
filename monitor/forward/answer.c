/* SPDX-License-Identifier: MIT */
#include "monitor/forward/answer.h"

#include <curl/curl.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

static const struct kind {
    const char *problem;
    enum answer_kind kind;
} kinds[] = {
    {"clock",     ANSWER_CLOCK    },
    {"pending",   ANSWER_PENDING  },
    {"key",       ANSWER_REFUSED  },
    {"signature", ANSWER_SIGNATURE},
    {"replay",    ANSWER_REPLAY   },
    {"conflict",  ANSWER_NEVER    },
    {"malformed", ANSWER_NEVER    },
    {"too-big",   ANSWER_NEVER    },
    {"host",      ANSWER_REFUSED  },
    {"busy",      ANSWER_BUSY     },
};

void answer_init(struct answer *answer)
{
    answer->status = 0;
    answer->type[0] = 0;
    answer->retry_after[0] = 0;
    answer->date[0] = 0;
    answer->size = 0;
    answer->cut = false;
}

/* The value of the field `name`, cut to what fits; as it was when the line is another's. */
static void take_field(const char *line, size_t size, const char *name, char *value)
{
    const size_t length = strlen(name);
    if (size <= length || strncasecmp(line, name, length) != 0 || line[length] != ':') {
        return;
    }
    const char *at = line + length + 1;
    size -= length + 1;
    while (size > 0 && (*at == ' ' || *at == '\t')) {
        at++;
        size--;
    }
    while (size > 0 && strchr(" \t\r\n", at[size - 1]) != NULL) {
        size--;
    }
    size = size < ANSWER_FIELD_SIZE ? size : ANSWER_FIELD_SIZE - 1;
    memcpy(value, at, size);
    value[size] = 0;
}

void answer_header(struct answer *answer, const char *line, size_t size)
{
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        answer_init(answer);
        return;
    }
    take_field(line, size, "Content-Type", answer->type);
    take_field(line, size, "Retry-After", answer->retry_after);
    take_field(line, size, "Date", answer->date);
}

bool answer_body(struct answer *answer, const void *data, size_t size)
{
    if (size > sizeof answer->body - answer->size) {
        answer->cut = true;
        return false;
    }
    memcpy(answer->body + answer->size, data, size);
    answer->size += size;
    return true;
}

static bool has_type(const struct answer *answer, const char *type)
{
    const size_t size = strlen(type);
    return strncasecmp(answer->type, type, size) == 0 &&
           (answer->type[size] == 0 || strchr("; \t", answer->type[size]) != NULL);
}

/* Copies the text that is the member `name` of the body; false: there is none of that size. */
static bool take_member(const struct answer *answer, const char *name, char *text, size_t room)
{
    json_t *body = json_loadb(answer->body, answer->size, JSON_REJECT_DUPLICATES, NULL);
    const char *value = json_string_value(json_object_get(body, name));
    const bool fits = value != NULL && strlen(value) < room;
    if (fits) {
        memcpy(text, value, strlen(value) + 1);
    }
    json_decref(body);
    return fits;
}

static bool is_stored(const struct answer *answer)
{
    char status[16];
    return answer->status == 200 && has_type(answer, "application/json") &&
           take_member(answer, "Status", status, sizeof status) &&
           (strcmp(status, "stored") == 0 || strcmp(status, "have") == 0);
}

static const struct kind *find_kind(const struct answer *answer)
{
    static const char prefix[] = "urn:etwas:problem:";
    char type[64];
    if (answer->status < 400 || !has_type(answer, "application/problem+json") ||
        !take_member(answer, "type", type, sizeof type) ||
        strncmp(type, prefix, sizeof prefix - 1) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(type + sizeof prefix - 1, kinds[i].problem) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* Seconds, or a time. */
static uint32_t retry_after_ms(const char *text, int64_t from_s)
{
    const size_t digits = strspn(text, "0123456789");
    int64_t wait_s = 0;
    if (digits > 0 && text[digits] == 0) {
        for (size_t i = 0; i < digits && wait_s < ANSWER_RETRY_MAX_MS; i++) {
            wait_s = wait_s * 10 + (text[i] - '0');
        }
    } else if (text[0] != 0) {
        const int64_t until_s = (int64_t)curl_getdate(text, NULL);
        wait_s = until_s > from_s ? until_s - from_s : 0;
    }
    return wait_s < ANSWER_RETRY_MAX_MS / 1000 ? (uint32_t)wait_s * 1000 : ANSWER_RETRY_MAX_MS;
}

void answer_judge(const struct answer *answer, int64_t now_s, struct verdict *verdict)
{
    *verdict = (struct verdict){.kind = ANSWER_STRANGE, .date_s = -1};
    if (answer->date[0] != 0) {
        verdict->date_s = (int64_t)curl_getdate(answer->date, NULL);
    }
    verdict->retry_after_ms =
        retry_after_ms(answer->retry_after, verdict->date_s >= 0 ? verdict->date_s : now_s);
    const struct kind *kind = answer->cut ? NULL : find_kind(answer);
    if (kind != NULL) {
        verdict->kind = kind->kind;
        verdict->problem = kind->problem;
    } else if (!answer->cut && is_stored(answer)) {
        verdict->kind = ANSWER_STORED;
    } else if (answer->status == 429 || answer->status == 503) {
        verdict->kind = ANSWER_BUSY; /* whoever stands before the relay says so, too */
    }
}
