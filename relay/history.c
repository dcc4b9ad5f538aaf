/* SPDX-License-Identifier: MIT */
#include "relay/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/gap.h"
#include "relay/lines.h"
#include "relay/moment.h"

enum { EXTRA = 640 /* bytes that a line, or a gap, may take more than it has in its batch */ };

/*
 * The batch that is being shown: index 0 is its gap, the lines follow. What is still to come of it
 * are the indexes from `next` upward, or downward to 0.
 */
struct shown {
    bool open;
    int64_t next;
    int64_t count;
    struct gap gap;     /* count 0: there is none */
    struct gap damaged; /* in place of the lines; count 0: they are there */
    char computer[KEY_COMPUTER_SIZE];
};

/* Batches that retention removed before they could be read. */
struct removed {
    bool told; /* `gap` is to be shown next */
    struct gap_removed gap;
};

struct history {
    struct store_reader *reader;
    struct history_range range; /* its limit is what is left of it */
    struct store_range next;    /* where to look for the next batch */
    int64_t last_row;           /* ascending, not beyond */
    int64_t first_row;          /* what is below was gone before */
    struct removed removed;
    struct identity shown_last; /* row 0: nothing yet */
    int64_t time_last;
    struct lines lines;
    struct shown shown;
    char *text; /* the line shown last, with an end of line behind */
    size_t capacity;
    size_t size;
    size_t sent; /* of `text`, by history_next() */
};

struct history_range history_range_of(const struct parameters *parameters)
{
    return (struct history_range){.from = parameters->from,
                                  .to = parameters->to,
                                  .descending = parameters->descending,
                                  .limit = parameters->limit,
                                  .cursor = parameters->cursor};
}

enum etwas_status history_open(struct store *store, const struct history_range *range,
                               struct history **history, struct etwas_error *error)
{
    *history = NULL;
    struct history *made = calloc(1, sizeof *made);
    if (made == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "reading the store"};
        return ETWAS_NO_MEMORY;
    }
    const int64_t cursor = range->cursor.row;
    lines_init(&made->lines);
    made->range = *range;
    made->last_row = store_last_row(store);
    made->next = (struct store_range){.descending = range->descending,
                                      .from = range->from,
                                      .to = range->to,
                                      .row = cursor != 0 ? cursor - 1 : 0};
    if (range->descending) {
        made->next.row = cursor != 0 && cursor != INT64_MAX ? cursor + 1 : INT64_MAX;
    }
    struct store_oldest oldest;
    enum etwas_status status = store_reader_open(store, &made->reader, error);
    if (status == ETWAS_OK) {
        status = store_oldest(made->reader, &oldest, error);
    }
    if (status != ETWAS_OK) {
        history_close(made);
        return status;
    }
    made->first_row = oldest.row;
    if (!range->descending && cursor != 0) {
        /* Index 0 may be that of a row about what was removed: it is not told again. */
        made->first_row = range->cursor.index != 0 || cursor == INT64_MAX ? cursor : cursor + 1;
        made->shown_last = range->cursor;
    }
    *history = made;
    return ETWAS_OK;
}

void history_close(struct history *history)
{
    if (history == NULL) {
        return;
    }
    store_reader_close(history->reader);
    lines_clear(&history->lines);
    free(history->text);
    free(history);
}

/* Where to begin in a batch: at an end, or behind the cursor if it stands in it. */
static int64_t start_of(const struct history_range *range, int64_t row, int64_t count)
{
    const bool within = row == range->cursor.row;
    const int64_t index = range->cursor.index;
    if (!range->descending) {
        return within ? index + 1 : 0;
    }
    return within && index - 1 < count ? index - 1 : count;
}

static void describe_gap(const struct store_batch *batch, struct shown *shown)
{
    const struct gap gap = {.row = batch->row,
                            .computer = shown->computer,
                            .first_contact = batch->first_contact,
                            .count = batch->missing,
                            .first = batch->missing_first,
                            .last = batch->missing_last,
                            .received_ms = batch->received_ms};
    shown->gap = gap;
    shown->damaged = gap;
    shown->damaged.damaged = true;
    shown->damaged.count = 0;
    shown->damaged.first = batch->first;
    shown->damaged.last = batch->last;
}

static enum etwas_status open_batch(struct history *history, const struct store_batch *batch,
                                    struct etwas_error *error)
{
    struct shown *shown = &history->shown;
    size_t bad_line = 0;
    (void)snprintf(shown->computer, sizeof shown->computer, "%s", batch->computer);
    describe_gap(batch, shown);
    const enum etwas_status status =
        lines_unpack(&history->lines, batch->body, batch->size, &bad_line, error);
    if (status == ETWAS_NO_MEMORY) {
        return status;
    }
    shown->count = (int64_t)history->lines.count;
    if (status != ETWAS_OK) {
        /* It was whole when it came. What is behind it is shown all the same. */
        shown->damaged.count = batch->head.count != 0 ? batch->head.count : 1;
        shown->count = 1;
    }
    shown->next = start_of(&history->range, batch->row, shown->count);
    shown->open = true;
    return ETWAS_OK;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t now(void)
{
    struct timespec time = {0};
    (void)timespec_get(&time, TIME_UTC);
    return moment_from_unix_ms((int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000);
}

/*
 * Rows have no holes, and retention takes the oldest: what was there and is older than the oldest
 * now was removed. If the oldest is from before the times that are asked for, so was that.
 */
static enum etwas_status look_for_removed(struct history *history, int64_t first, int64_t end,
                                          struct etwas_error *error)
{
    struct store_oldest oldest;
    const enum etwas_status status = store_oldest(history->reader, &oldest, error);
    end = least(oldest.row, end);
    if (status != ETWAS_OK || end <= first || oldest.last < history->range.from) {
        return status;
    }
    history->removed.told = true;
    history->removed.gap =
        (struct gap_removed){.row = end - 1,
                             .after = history->shown_last,
                             .until = history->range.descending ? first : end,
                             .time = history->time_last != 0 ? history->time_last : now()};
    return ETWAS_OK;
}

/* Going up, between where it was and `row`, where it goes on. */
static enum etwas_status look_between(struct history *history, int64_t row,
                                      struct etwas_error *error)
{
    int64_t first = history->next.row + 1;
    first = first > history->first_row ? first : history->first_row;
    return first < row ? look_for_removed(history, first, row, error) : ETWAS_OK;
}

/* Going down, between where it was and what was the oldest when it began. */
static enum etwas_status look_below(struct history *history, struct etwas_error *error)
{
    const int64_t first = history->first_row;
    history->first_row = INT64_MAX; /* it is told once */
    return first < history->next.row ? look_for_removed(history, first, history->next.row, error)
                                     : ETWAS_OK;
}

/* NOT_FOUND, unless there is something to be told of. */
static enum etwas_status end(struct history *history, struct etwas_error *error)
{
    enum etwas_status status = ETWAS_OK;
    if (history->range.descending) {
        status = look_below(history, error);
    } else {
        status = look_between(history, history->last_row + 1, error);
        history->next.row = history->last_row; /* it is told once */
    }
    if (status == ETWAS_OK && !history->removed.told) {
        *error = (struct etwas_error){.status = ETWAS_NOT_FOUND, .doing = "reading the store"};
        status = ETWAS_NOT_FOUND;
    }
    return status;
}

static enum etwas_status next_batch(struct history *history, struct etwas_error *error)
{
    struct store_batch batch;
    const bool up = !history->range.descending;
    enum etwas_status status = store_next(history->reader, &history->next, &batch, error);
    if (status == ETWAS_NOT_FOUND || (status == ETWAS_OK && up && batch.row > history->last_row)) {
        return end(history, error);
    }
    if (status == ETWAS_OK && up) {
        status = look_between(history, batch.row, error);
    }
    if (status != ETWAS_OK) {
        return status;
    }
    history->next.row = batch.row;
    return open_batch(history, &batch, error);
}

static bool is_wanted(const struct history_range *range, int64_t time)
{
    const bool any = range->from == INT64_MIN && range->to == INT64_MAX;
    return any || (time != 0 && time >= range->from && time < range->to);
}

static bool reserve(struct history *history, size_t size, struct etwas_error *error)
{
    if (size <= history->capacity) {
        return true;
    }
    free(history->text);
    history->text = malloc(size);
    history->capacity = history->text != NULL ? size : 0;
    if (history->text == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "reading the store"};
    }
    return history->text != NULL;
}

static void begin_line(const struct history *history, int64_t index, struct history_line *line)
{
    *line = (struct history_line){
        .identity = {.row = history->next.row, .index = (uint32_t)index}
    };
}

static enum etwas_status show_gap(struct history *history, const struct gap *gap,
                                  struct history_line *line, struct etwas_error *error)
{
    if (!reserve(history, EXTRA, error)) {
        return error->status;
    }
    line->time = gap_time(gap);
    line->always = true;
    line->size = gap_show(gap, history->text, history->capacity);
    return ETWAS_OK;
}

static enum etwas_status show_removed(struct history *history, struct history_line *line,
                                      struct etwas_error *error)
{
    const struct gap_removed *removed = &history->removed.gap;
    if (!reserve(history, EXTRA, error)) {
        return error->status;
    }
    *line = (struct history_line){
        .identity = {.row = removed->row}, .time = removed->time, .always = true};
    line->size = gap_show_removed(removed, history->text, history->capacity);
    return ETWAS_OK;
}

static enum etwas_status show_line(struct history *history, size_t index, struct history_line *line,
                                   struct etwas_error *error)
{
    const struct line *is = &history->lines.lines[index];
    if (!reserve(history, is->size + EXTRA, error)) {
        return error->status;
    }
    line->time = is->time;
    line->always = is->own;
    const struct lines_origin origin = {.row = history->next.row,
                                        .computer = history->shown.computer};
    line->size = lines_show(&history->lines, index, origin, history->text, history->capacity);
    return ETWAS_OK;
}

/* Shows `index` of the batch. AGAIN: there is nothing, or nothing wanted. */
static enum etwas_status show(struct history *history, int64_t index, struct history_line *line,
                              struct etwas_error *error)
{
    const struct shown *shown = &history->shown;
    const struct gap *gap = index == 0 ? &shown->gap : &shown->damaged;
    begin_line(history, index, line);
    if (index == 0 || shown->damaged.count != 0) {
        const bool wanted = gap->count != 0 && is_wanted(&history->range, gap_time(gap));
        return wanted ? show_gap(history, gap, line, error) : ETWAS_AGAIN;
    }
    const size_t place = (size_t)index - 1;
    return is_wanted(&history->range, history->lines.lines[place].time)
               ? show_line(history, place, line, error)
               : ETWAS_AGAIN;
}

/* What is next, if it is shown. AGAIN: it is not. */
static enum etwas_status go_on(struct history *history, struct history_line *line,
                               struct etwas_error *error)
{
    struct shown *shown = &history->shown;
    if (history->removed.told) {
        history->removed.told = false;
        return show_removed(history, line, error);
    }
    if (!shown->open || shown->next < 0 || shown->next > shown->count) {
        shown->open = false;
        const enum etwas_status status = next_batch(history, error);
        return status == ETWAS_OK ? ETWAS_AGAIN : status;
    }
    const int64_t index = shown->next;
    shown->next += history->range.descending ? -1 : 1;
    return show(history, index, line, error);
}

enum etwas_status history_line(struct history *history, struct history_line *line,
                               struct etwas_error *error)
{
    enum etwas_status status = ETWAS_AGAIN;
    *line = (struct history_line){.text = NULL};
    if (history->range.limit == 0) {
        *error = (struct etwas_error){.status = ETWAS_NOT_FOUND, .doing = "reading the store"};
        return ETWAS_NOT_FOUND;
    }
    while (status == ETWAS_AGAIN) {
        status = go_on(history, line, error);
    }
    if (status == ETWAS_OK) {
        history->range.limit--;
        history->shown_last = line->identity;
        history->time_last = line->time != 0 ? line->time : history->time_last;
        line->text = history->text;
        history->size = line->size;
        history->sent = line->size;
    }
    return status;
}

/* The next line and its end are there to be sent. */
static enum etwas_status take_line(struct history *history, struct etwas_error *error)
{
    struct history_line line;
    const enum etwas_status status = history_line(history, &line, error);
    if (status == ETWAS_OK) {
        history->text[history->size++] = '\n';
        history->sent = 0;
    }
    return status;
}

enum etwas_status history_next(struct history *history, char *text, size_t room, size_t *written,
                               struct etwas_error *error)
{
    enum etwas_status status = ETWAS_OK;
    *written = 0;
    while (status == ETWAS_OK && *written < room) {
        if (history->sent == history->size) {
            status = take_line(history, error);
        }
        const size_t left = history->size - history->sent;
        const size_t size = left < room - *written ? left : room - *written;
        if (size != 0) {
            memcpy(text + *written, history->text + history->sent, size);
        }
        history->sent += size;
        *written += size;
    }
    /* Who has got something comes again and hears it then. */
    return *written != 0 ? ETWAS_OK : status;
}
