/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_WRITER_HEAD_H
#define ETWAS_MONITOR_ETL_WRITER_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The heads of what writer.c writes; for nobody else. */

enum { WRITER_NAME_UNITS = 256 /* of UTF-16, with the zero */ };

/* What the first buffer tells of the trace. */
struct writer_head {
    uint16_t session[WRITER_NAME_UNITS];
    uint16_t file[WRITER_NAME_UNITS];
    uint64_t buffers; /* the first included */
    int64_t started;  /* times as FILETIME; the earliest */
    int64_t ended;
    uint32_t cpus;
    uint32_t lost; /* events */
    bool has_time;
};

struct writer_buffer {
    uint32_t size;
    size_t end;
    int64_t stamp;
    uint64_t sequence;
    uint16_t cpu;
};

/* As UTF-16, cut where there is no more room. */
void writer_head_name(const char *text, uint16_t units[WRITER_NAME_UNITS]);

/* A record of that time and CPU is in the trace. */
void writer_head_count(struct writer_head *head, int64_t time, uint32_t cpu);

void writer_head_buffer(const struct writer_buffer *buffer, uint8_t *data);
void writer_head_buffer_end(uint8_t *data, size_t end);

/* The first buffer, of `size` bytes. */
void writer_head_first(const struct writer_head *head, uint8_t *data, uint32_t size);

#endif
