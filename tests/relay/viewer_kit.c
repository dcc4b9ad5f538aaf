/* SPDX-License-Identifier: MIT */
#include "tests/relay/viewer_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

enum { AT_ONCE = 64 * 1024 };

/* The head of the answer alone: its body has no end. */
static void read_head(struct viewer *viewer)
{
    size_t size = 0;
    char *head = viewer->head.head;
    while (size + 1 < sizeof viewer->head.head &&
           (size < 4 || memcmp(head + size - 4, "\r\n\r\n", 4) != 0)) {
        if (recv(viewer->connection, head + size, 1, 0) != 1) {
            break;
        }
        size++;
    }
    head[size] = '\0';
    viewer->head.status = size > 12 ? (int)strtol(head + 9, NULL, 10) : 0;
}

void viewer_open(struct viewer *viewer, const struct relay *relay, const char *path,
                 const char *last_id)
{
    char text[1024];
    *viewer = (struct viewer){.connection = relay_connect(relay)};
    (void)snprintf(
        text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n%s%s%s\r\n", path,
        relay->port, relay->token,
        last_id == NULL ? "" : "Last-Event-ID: ", last_id == NULL ? "" : last_id,
        last_id == NULL ? "" : "\r\n");
    send_text(viewer->connection, text, strlen(text));
    read_head(viewer);
    assert_int_equal(viewer->head.status, 200);
    assert_true(reply_has(&viewer->head, "Content-Type", "text/event-stream"));
    viewer->chunked = reply_has(&viewer->head, "Transfer-Encoding", "chunked");
}

void viewer_close(struct viewer *viewer)
{
    if (viewer->connection > 0) {
        (void)close(viewer->connection);
    }
    free(viewer->text);
    *viewer = (struct viewer){.connection = 0};
}

/* The size line of the next chunk, and the end of the one before. */
static bool next_chunk(struct viewer *viewer)
{
    char line[32];
    size_t size = 0;
    while (size + 1 < sizeof line && (size < 3 || line[size - 1] != '\n')) {
        if (recv(viewer->connection, line + size, 1, 0) != 1) {
            return false;
        }
        size++;
        if (size == 2 && line[0] == '\r') {
            size = 0;
        }
    }
    line[size] = '\0';
    viewer->chunk = strtoul(line, NULL, 16);
    return viewer->chunk != 0;
}

static bool read_more(struct viewer *viewer)
{
    if (viewer->chunked && viewer->chunk == 0 && !next_chunk(viewer)) {
        return false;
    }
    if (viewer->capacity - viewer->size < AT_ONCE + 1) {
        viewer->capacity = viewer->capacity * 2 + AT_ONCE + 1;
        viewer->text = realloc(viewer->text, viewer->capacity);
        assert_non_null(viewer->text);
    }
    const size_t room =
        viewer->chunked && viewer->chunk < AT_ONCE ? viewer->chunk : (size_t)AT_ONCE;
    const ssize_t got = recv(viewer->connection, viewer->text + viewer->size, room, 0);
    if (got <= 0) {
        return false;
    }
    viewer->size += (size_t)got;
    viewer->chunk -= viewer->chunked ? (size_t)got : 0;
    viewer->text[viewer->size] = '\0';
    return true;
}

static void take_line(struct viewed *viewed, char *line)
{
    if (strncmp(line, "id: ", 4) == 0) {
        (void)snprintf(viewed->id, sizeof viewed->id, "%s", line + 4);
    } else if (strncmp(line, "event: ", 7) == 0) {
        (void)snprintf(viewed->name, sizeof viewed->name, "%s", line + 7);
    } else if (strncmp(line, "data: ", 6) == 0) {
        viewed->data = line + 6;
    } else if (line[0] == ':') {
        (void)snprintf(viewed->name, sizeof viewed->name, ":");
    } else if (strncmp(line, "retry: ", 7) == 0) {
        (void)snprintf(viewed->name, sizeof viewed->name, "retry");
    }
}

bool viewer_next(struct viewer *viewer, struct viewed *viewed)
{
    static char *taken; /* the text of the one given out last */
    free(taken);
    taken = NULL;
    *viewed = (struct viewed){.data = NULL};
    size_t searched = 0;
    char *end = NULL;
    while (end == NULL) {
        end = viewer->size > searched ? strstr(viewer->text + searched, "\n\n") : NULL;
        searched = viewer->size > 1 ? viewer->size - 1 : 0;
        if (end == NULL && !read_more(viewer)) {
            return false;
        }
    }
    const size_t size = (size_t)(end - viewer->text) + 2;
    taken = malloc(size + 1);
    assert_non_null(taken);
    memcpy(taken, viewer->text, size);
    taken[size] = '\0';
    viewer->size -= size;
    memmove(viewer->text, viewer->text + size, viewer->size + 1);
    for (char *line = taken; *line != '\0';) {
        char *next = strchr(line, '\n');
        *next = '\0';
        take_line(viewed, line);
        line = next + 1;
    }
    return true;
}

uint64_t number_of(const char *json, const char *name)
{
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *found = strstr(json, wanted);
    return found == NULL ? 0 : strtoull(found + strlen(wanted), NULL, 10);
}

uint64_t viewer_number(struct viewer *viewer, char id[32])
{
    struct viewed viewed;
    do {
        assert_true(viewer_next(viewer, &viewed));
    } while (viewed.name[0] != '\0' || viewed.data == NULL);
    if (id != NULL) {
        memcpy(id, viewed.id, sizeof viewed.id);
    }
    return number_of(viewed.data, "Number");
}
