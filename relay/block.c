/* SPDX-License-Identifier: MIT */
#include "relay/block.h"

#include <inttypes.h>
#include <stdlib.h>

#include "relay/gap.h"
#include "relay/text.h"

enum {
    TEXT_MAXIMUM = 512 * 1024 * 1024, /* far more than a batch can become */
    GUESS = 512,                      /* what Id and Computer add to a line, or a gap takes */
};

static enum etwas_status no_memory(struct etwas_error *error)
{
    *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "showing a batch"};
    return ETWAS_NO_MEMORY;
}

/* What is shown: a line, or the gap. */
struct subject {
    const struct block_source *source;
    const struct lines *lines;
    size_t index; /* of the line; SIZE_MAX: the gap */
};

static size_t show(const struct subject *subject, char *text, size_t room)
{
    const struct block_source *source = subject->source;
    if (subject->index != SIZE_MAX) {
        const struct lines_origin origin = {.row = source->row, .computer = source->computer};
        return lines_show(subject->lines, subject->index, origin, text, room);
    }
    const struct gap gap = {.row = source->row,
                            .computer = source->computer,
                            .first_contact = source->first_contact,
                            .count = source->missing,
                            .first = source->missing_first,
                            .last = source->missing_last,
                            .received_ms = source->received_ms};
    return gap_show(&gap, text, room);
}

static void put_frame(struct text *text, const struct subject *subject)
{
    const uint64_t index = subject->index == SIZE_MAX ? 0 : subject->index + 1;
    text_print(text, "id: %" PRId64 ":%" PRIu64 "\ndata: ", subject->source->row, index);
    size_t room = GUESS;
    if (index != 0) {
        room += subject->lines->lines[subject->index].size;
    }
    char *at = text_room(text, room);
    size_t size = at == NULL ? 0 : show(subject, at, room);
    if (size > room) {
        room = size + 1; /* where a zero may be put */
        at = text_room(text, room);
        size = at == NULL ? 0 : show(subject, at, room);
    }
    if (at != NULL) {
        text_used(text, size);
    }
    text_add(text, "\n\n", 2);
}

static void put_frames(struct block *block, struct text *text, const struct block_source *source,
                       const struct lines *lines)
{
    struct subject subject = {.source = source, .lines = lines};
    for (size_t i = 0; i < block->frames; i++) {
        const bool gap = block->has_gap && i == 0;
        subject.index = gap ? SIZE_MAX : i - (block->has_gap ? 1U : 0U);
        put_frame(text, &subject);
        block->ends[i] = (uint32_t)text->size;
        block->always[i] = gap || lines->lines[subject.index].own;
    }
}

enum etwas_status block_make(const struct block_source *source, struct lines *lines,
                             struct block **block, struct etwas_error *error)
{
    size_t bad_line = 0;
    struct text text;
    *block = NULL;
    const enum etwas_status status =
        lines_unpack(lines, source->body, source->size, &bad_line, error);
    if (status != ETWAS_OK) {
        return status;
    }
    struct block *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return no_memory(error);
    }
    made->row = source->row;
    made->references = 1;
    made->has_gap = source->missing != 0;
    made->frames = lines->count + (made->has_gap ? 1U : 0U);
    made->ends = calloc(made->frames + 1, sizeof made->ends[0]);
    made->always = calloc(made->frames + 1, sizeof made->always[0]);
    text_init(&text, TEXT_MAXIMUM);
    if (made->ends != NULL && made->always != NULL) {
        /* At once, instead of growing there: most blocks are of the same size. */
        (void)text_room(&text, lines->size + made->frames * (GUESS / 4) + GUESS);
        put_frames(made, &text, source, lines);
    }
    made->size = text.size;
    char *fitting = text.size == 0 ? NULL : realloc(text.data, text.size);
    made->text = fitting == NULL ? text.data : fitting;
    if (made->ends == NULL || made->always == NULL || text.bad) {
        block_free(made);
        return no_memory(error);
    }
    *block = made;
    return ETWAS_OK;
}

void block_free(struct block *block)
{
    if (block != NULL) {
        free(block->ends);
        free(block->always);
        free(block->text);
        free(block);
    }
}

uint64_t block_events(const struct block *block)
{
    return block->frames - (block->has_gap ? 1U : 0U);
}

size_t block_frame_behind(const struct block *block, uint32_t index)
{
    const size_t frame = index + (block->has_gap ? 1U : 0U);
    return frame < block->frames ? frame : block->frames;
}

size_t block_frame_begin(const struct block *block, size_t frame)
{
    return frame == 0 ? 0 : block->ends[frame - 1];
}

size_t block_cost(const struct block *block)
{
    return sizeof *block + block->size +
           block->frames * (sizeof block->ends[0] + sizeof block->always[0]);
}
