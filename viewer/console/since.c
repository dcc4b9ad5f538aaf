/* SPDX-License-Identifier: MIT */
#include "viewer/console/since.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static size_t count_digits(const char *text, size_t size)
{
    size_t count = 0;
    while (count < size && text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

bool since_is_id(const char *text, size_t size)
{
    const size_t row = count_digits(text, size);
    if (row == 0 || row > 18 || row == size || text[0] == '0' || text[row] != ':') {
        return false;
    }
    const char *at = text + row + 1;
    const size_t index = count_digits(at, size - row - 1);
    return index != 0 && index <= 9 && row + 1 + index == size && (index == 1 || at[0] != '0');
}

void since_before(uint64_t row, uint64_t index, char id[SINCE_TEXT_SIZE])
{
    if (row == 0) {
        row = 1; /* as if it were to come */
    } else if (index != 0) {
        index--;
    } else if (row > 1) {
        row--;
        index = 999999999; /* behind all that the row before may have */
    }
    (void)snprintf(id, SINCE_TEXT_SIZE, "%" PRIu64 ":%" PRIu64, row, index);
}

/* Days since 1970 to a date of the Gregorian calendar (the years are those of four digits). */
static void put_day(int64_t days, char *text)
{
    /* Eras of 400 years that begin on the first of March. */
    const int64_t shifted = days + 719468;
    const int64_t era = shifted / 146097;
    const int64_t of_era = shifted % 146097;
    const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * of_year + 2) / 153;
    const int64_t day = of_year - (153 * month_from_march + 2) / 5 + 1;
    const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const int64_t year = year_of_era + era * 400 + (month <= 2);
    (void)snprintf(text, SINCE_TEXT_SIZE, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, year, month,
                   day);
}

/* "90", "90s", "10m", "2h", "1d": seconds; -1 for anything else. */
static int64_t seconds_of(const char *text)
{
    static const struct unit {
        const char *name;
        int64_t seconds;
    } units[] = {
        {"",  1    },
        {"s", 1    },
        {"m", 60   },
        {"h", 3600 },
        {"d", 86400},
    };
    const size_t digits = count_digits(text, strlen(text));
    if (digits == 0 || digits > 9) {
        return -1;
    }
    int64_t number = 0;
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (text[i] - '0');
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + digits, units[i].name) == 0) {
            return number * units[i].seconds;
        }
    }
    return -1;
}

static bool parse_ago(const char *text, int64_t now_s, char *time)
{
    const int64_t ago = seconds_of(text);
    if (ago < 0) {
        return false;
    }
    const int64_t at = ago > now_s ? 0 : now_s - ago;
    const int64_t of_day = at % 86400;
    put_day(at / 86400, time);
    (void)snprintf(time + 10, SINCE_TEXT_SIZE - 10,
                   "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".0000000Z", of_day / 3600,
                   of_day / 60 % 60, of_day % 60);
    return true;
}

/* The text must be a beginning of the pattern that ends where the pattern allows it. */
static bool parse_time(const char *text, char *time)
{
    static const char PATTERN[] = "0000-00-00T00:00:00.0000000Z";
    static const char FILL[] = "0000-00-00T00:00:00.0000000Z";
    size_t size = strlen(text);
    if (size > 0 && text[size - 1] == 'Z') {
        size--;
    } else if (size != 10) {
        return false; /* only a day says by itself that it is one of UTC's */
    }
    if (size >= SINCE_TIME_SIZE || (size != 10 && size != 16 && size != 19 && size < 21)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (PATTERN[i] == '0' ? !digit : text[i] != PATTERN[i]) {
            return false;
        }
    }
    (void)snprintf(time, SINCE_TEXT_SIZE, "%.*s%s", (int)size, text, FILL + size);
    return true;
}

bool since_parse(const char *text, int64_t now_s, struct since *since)
{
    *since = (struct since){.kind = SINCE_TIME};
    if (parse_ago(text, now_s, since->text) || parse_time(text, since->text)) {
        return true;
    }
    const size_t size = strlen(text);
    if (!since_is_id(text, size)) {
        return false;
    }
    since->kind = SINCE_ID;
    (void)snprintf(since->text, SINCE_TEXT_SIZE, "%s", text);
    return true;
}
