/* SPDX-License-Identifier: MIT */
#include "relay/moment.h"

enum {
    YEAR_FIRST = 1601,
    YEAR_LAST = 9999,
    DIGITS = 7,     /* of a second that a tick has */
    MAX_DIGITS = 9, /* that are read */
};

#define TICKS_S    INT64_C(10000000)
#define TICKS_DAY  (86400 * TICKS_S)
#define UNIX_EPOCH INT64_C(116444736000000000)
#define LAST_TICK  (INT64_C(3067671) * TICKS_DAY - 1) /* of the year 9999 */

/* Days from 1601-01-01, where the calendar's cycles of 400 years begin, to the year's first. */
static int64_t days_before_year(int64_t year)
{
    const int64_t years = year - YEAR_FIRST;
    return years * 365 + years / 4 - years / 100 + years / 400;
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_before_month(unsigned year, unsigned month)
{
    static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    return before[month - 1] + (month > 2 && is_leap(year) ? 1U : 0U);
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

/* `count` digits; anything else makes it larger than any of them can be. */
static unsigned number(const char *text, unsigned count)
{
    unsigned value = 0;
    bool good = true;
    for (unsigned i = 0; i < count; i++) {
        const unsigned digit = (unsigned)(uint8_t)text[i] - '0';
        good = good && digit <= 9;
        value = value * 10 + digit % 10;
    }
    return good ? value : UINT32_MAX;
}

/* "yyyy-mm-ddThh:mm:ss" as seconds. */
static bool parse_seconds(const char *text, int64_t *seconds)
{
    const unsigned year = number(text, 4);
    const unsigned month = number(text + 5, 2);
    const unsigned day = number(text + 8, 2);
    const unsigned hour = number(text + 11, 2);
    const unsigned minute = number(text + 14, 2);
    const unsigned second = number(text + 17, 2);
    const bool marked =
        text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':';
    if (!marked || year < YEAR_FIRST || year > YEAR_LAST || month - 1 > 11 || hour > 23 ||
        minute > 59 || second > 59 || day - 1 >= days_of_month(year, month)) {
        return false;
    }
    const int64_t days = days_before_year(year) + days_before_month(year, month) + day - 1;
    *seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

/* What lies between the seconds and the "Z": nothing, or a point and digits. */
static bool parse_fraction(const char *text, size_t size, int64_t *ticks)
{
    *ticks = 0;
    if (size == 0) {
        return true;
    }
    if (text[0] != '.' || size < 2 || size > 1 + MAX_DIGITS) {
        return false;
    }
    for (size_t i = 1; i <= MAX_DIGITS; i++) {
        const unsigned digit = i < size ? number(text + i, 1) : 0;
        if (digit > (i <= DIGITS ? 9 : 0)) {
            return false;
        }
        *ticks = i <= DIGITS ? *ticks * 10 + digit : *ticks;
    }
    return true;
}

bool moment_parse(const char *text, size_t size, int64_t *time)
{
    enum { SECONDS_SIZE = 19 };
    int64_t seconds = 0;
    int64_t ticks = 0;
    if (size < SECONDS_SIZE + 1 || text[size - 1] != 'Z' || !parse_seconds(text, &seconds) ||
        !parse_fraction(text + SECONDS_SIZE, size - SECONDS_SIZE - 1, &ticks)) {
        return false;
    }
    *time = seconds * TICKS_S + ticks;
    return true;
}

static void put(char *text, unsigned digits, uint64_t value)
{
    while (digits > 0) {
        digits--;
        text[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

void moment_format(int64_t time, char text[MOMENT_SIZE])
{
    time = time < 0 ? 0 : time > LAST_TICK ? LAST_TICK : time;
    const int64_t days = time / TICKS_DAY;
    const int64_t seconds = time % TICKS_DAY / TICKS_S;
    unsigned year = (unsigned)(YEAR_FIRST + days / 366);
    while (days >= days_before_year(year + 1)) {
        year++;
    }
    const unsigned rest = (unsigned)(days - days_before_year(year));
    unsigned month = 1;
    while (month < 12 && rest >= days_before_month(year, month + 1)) {
        month++;
    }
    static const char form[MOMENT_SIZE] = "0000-00-00T00:00:00.0000000Z";
    for (unsigned i = 0; i < MOMENT_SIZE; i++) {
        text[i] = form[i];
    }
    put(text, 4, year);
    put(text + 5, 2, month);
    put(text + 8, 2, rest - days_before_month(year, month) + 1);
    put(text + 11, 2, (uint64_t)seconds / 3600);
    put(text + 14, 2, (uint64_t)seconds / 60 % 60);
    put(text + 17, 2, (uint64_t)seconds % 60);
    put(text + 20, DIGITS, (uint64_t)(time % TICKS_S));
}

int64_t moment_from_unix_ms(int64_t ms)
{
    enum { TICKS_MS = 10000 };
    const int64_t last = (LAST_TICK - UNIX_EPOCH) / TICKS_MS;
    const int64_t first = -UNIX_EPOCH / TICKS_MS;
    ms = ms < first ? first : ms > last ? last : ms;
    return UNIX_EPOCH + ms * TICKS_MS;
}
