/* SPDX-License-Identifier: MIT */
#include "monitor/local/stat_text.h"

#include <string.h>

struct cursor {
    const char *at;
    size_t left;
};

static bool passes(struct cursor *cursor, char c)
{
    if (cursor->left == 0 || *cursor->at != c) {
        return false;
    }
    cursor->at++;
    cursor->left--;
    return true;
}

/* A decimal number and the blanks before it; false where there is none. Too big ones wrap. */
static bool next_number(struct cursor *cursor, uint64_t *number)
{
    while (passes(cursor, ' ')) {
    }
    const bool negative = passes(cursor, '-');
    bool any = false;
    uint64_t sum = 0;
    for (; cursor->left > 0 && *cursor->at >= '0' && *cursor->at <= '9'; any = true) {
        sum = sum * 10 + (uint64_t)(*cursor->at - '0');
        cursor->at++;
        cursor->left--;
    }
    *number = negative ? 0 : sum;
    return any;
}

static bool read_cpu(struct cursor line, struct stat_cpu *cpu)
{
    memset(cpu, 0, sizeof *cpu);
    if (!passes(&line, 'c') || !passes(&line, 'p') || !passes(&line, 'u')) {
        return false;
    }
    uint64_t number = 0;
    cpu->cpu = -1;
    if (line.left > 0 && *line.at != ' ') {
        if (!next_number(&line, &number) || number > INT32_MAX) {
            return false;
        }
        cpu->cpu = (int32_t)number;
    }
    for (size_t i = 0; i < STAT_TIMES && next_number(&line, &number); i++) {
        cpu->times[i] = number;
    }
    return true;
}

size_t stat_read_cpus(const char *text, size_t size, struct stat_cpu *cpus, size_t capacity)
{
    size_t count = 0;
    while (size > 0 && count < capacity) {
        const char *end = memchr(text, '\n', size);
        if (end == NULL) {
            break; /* an unfinished line */
        }
        const size_t length = (size_t)(end - text);
        if (!read_cpu((struct cursor){text, length}, &cpus[count])) {
            break;
        }
        count++;
        text += length + 1;
        size -= length + 1;
    }
    return count;
}

void stat_cpu_shares(const struct stat_cpu *before, const struct stat_cpu *after, uint32_t *shares)
{
    uint64_t passed[STAT_TIMES];
    uint64_t sum = 0;
    for (size_t i = 0; i < STAT_TIMES; i++) {
        const uint64_t a = before->times[i];
        const uint64_t b = after->times[i];
        /* More than a thousand million ticks between two looks are nonsense. */
        passed[i] = b > a && b - a < UINT64_C(1000000000) ? b - a : 0;
        sum += passed[i];
    }
    for (size_t i = 0; i < STAT_TIMES; i++) {
        shares[i] = sum == 0 ? 0 : (uint32_t)((passed[i] * 10000 + sum / 2) / sum);
    }
}

/* The fields after the name, counted as in proc(5). */
enum {
    FIELD_FIRST_NUMBER = 4,
    FIELD_UTIME = 14,
    FIELD_STIME = 15,
    FIELD_THREADS = 20,
    FIELD_STARTTIME = 22,
    FIELD_RSS = 24,
};

static bool read_numbers(struct cursor rest, struct stat_process *process)
{
    for (int field = FIELD_FIRST_NUMBER; field <= FIELD_RSS; field++) {
        uint64_t number = 0;
        if (!next_number(&rest, &number)) {
            return false;
        }
        switch (field) {
        case FIELD_UTIME:
            process->user = number;
            break;
        case FIELD_STIME:
            process->system = number;
            break;
        case FIELD_THREADS:
            process->threads = number;
            break;
        case FIELD_STARTTIME:
            process->started = number;
            break;
        case FIELD_RSS:
            process->rss = number;
            break;
        default:
            break;
        }
    }
    return true;
}

static const char *find_last(const char *text, size_t size, char c)
{
    while (size > 0) {
        size--;
        if (text[size] == c) {
            return text + size;
        }
    }
    return NULL;
}

bool stat_read_process(const char *text, size_t size, struct stat_process *process)
{
    memset(process, 0, sizeof *process);
    struct cursor cursor = {text, size};
    uint64_t process_id = 0;
    if (!next_number(&cursor, &process_id) || process_id == 0 || process_id > INT32_MAX ||
        !passes(&cursor, ' ') || !passes(&cursor, '(')) {
        return false;
    }
    process->process_id = (uint32_t)process_id;
    const char *end = find_last(cursor.at, cursor.left, ')');
    if (end == NULL) {
        return false;
    }
    const size_t length = (size_t)(end - cursor.at);
    const size_t kept = length < STAT_NAME_SIZE ? length : STAT_NAME_SIZE - 1;
    memcpy(process->name, cursor.at, kept);
    cursor.at += length + 1;
    cursor.left -= length + 1;
    /* " S " is the state. */
    if (cursor.left < 3 || cursor.at[0] != ' ' || cursor.at[2] != ' ') {
        return false;
    }
    return read_numbers((struct cursor){cursor.at + 2, cursor.left - 2}, process);
}

bool stat_name_matches(const char *name, const char *pattern)
{
    const char *star = NULL; /* the last one met */
    const char *mark = NULL; /* where in the name its text ends so far */
    while (*name != 0) {
        if (*pattern == '*') {
            star = pattern++;
            mark = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++mark;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == 0;
}
