/* SPDX-License-Identifier: MIT */
#include "tests/ping/options.h"

#include <stddef.h>
#include <string.h>

#include "tests/ping/schedule.h"

const char options_usage[] =
    "Usage: etwas-ping [options]\n"
    "Sends numbered Ping events, for tests and for a first look.\n"
    "\n"
    "  --rate N          events a second in all (default 1); 0 or less: flat out\n"
    "  --count N         end after N events\n"
    "  --duration TIME   end after that time: seconds, or 500ms, 1.5s, 2m, 1h\n"
    "  --size BYTES      length of each event's text (default 0, at most 4096)\n"
    "  --burst N         events sent together (default 1)\n"
    "  --threads N       threads that send (default 1, at most 64)\n"
    "  --wait TIME       first wait for a listener; without one in that time, exit 2\n"
    "  --quiet           no line each second\n"
    "  --version         print the version\n"
    "  -h, --help        print this\n";

enum { MAX_PARSED = 1000000000 }; /* the part of a duration before the point */

/* Takes the digits at `*text`; false without any, or over `maximum`. */
static bool take_number(const char **text, uint64_t maximum, uint64_t *value)
{
    const char *at = *text;
    *value = 0;
    while (*at >= '0' && *at <= '9') {
        uint64_t digit = (uint64_t)(*at - '0');
        if (digit > maximum || *value > (maximum - digit) / 10) {
            return false;
        }
        *value = *value * 10 + digit;
        at++;
    }
    bool found = at != *text;
    *text = at;
    return found;
}

static bool parse_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *value)
{
    return take_number(&text, maximum, value) && *text == '\0' && *value >= minimum;
}

/* ".25" gives 250,000,000 ns; what is finer is dropped. */
static bool take_fraction(const char **text, uint64_t *fraction)
{
    *fraction = 0;
    if (**text != '.') {
        return true;
    }
    const char *at = *text + 1;
    uint64_t worth = SCHEDULE_SECOND / 10;
    while (*at >= '0' && *at <= '9') {
        *fraction += (uint64_t)(*at - '0') * worth;
        worth /= 10;
        at++;
    }
    bool found = at != *text + 1;
    *text = at;
    return found;
}

static bool parse_duration(const char *text, uint64_t *duration)
{
    uint64_t whole;
    uint64_t fraction;
    if (!take_number(&text, MAX_PARSED, &whole) || !take_fraction(&text, &fraction)) {
        return false;
    }
    uint64_t value = whole * SCHEDULE_SECOND + fraction;
    if (strcmp(text, "") == 0 || strcmp(text, "s") == 0) {
        *duration = value;
    } else if (strcmp(text, "ms") == 0) {
        *duration = value / 1000;
    } else if (strcmp(text, "m") == 0 && whole <= MAX_PARSED / 60) {
        *duration = value * 60;
    } else if (strcmp(text, "h") == 0 && whole <= MAX_PARSED / 3600) {
        *duration = value * 3600;
    } else {
        return false;
    }
    return true;
}

static bool set_rate(struct ping_options *options, const char *value)
{
    if (*value == '-') { /* any negative rate is flat out, whatever its size */
        uint64_t ignored;
        options->rate = 0;
        return parse_number(value + 1, 0, INT64_MAX, &ignored);
    }
    return parse_number(value, 0, OPTIONS_MAX_RATE, &options->rate);
}

static bool set_count(struct ping_options *options, const char *value)
{
    return parse_number(value, 0, INT64_MAX, &options->count);
}

static bool set_duration(struct ping_options *options, const char *value)
{
    return parse_duration(value, &options->duration);
}

static bool set_size(struct ping_options *options, const char *value)
{
    uint64_t size;
    bool good = parse_number(value, 0, OPTIONS_MAX_SIZE, &size);
    options->size = (uint32_t)size;
    return good;
}

static bool set_burst(struct ping_options *options, const char *value)
{
    return parse_number(value, 1, OPTIONS_MAX_BURST, &options->burst);
}

static bool set_threads(struct ping_options *options, const char *value)
{
    uint64_t threads;
    bool good = parse_number(value, 1, OPTIONS_MAX_THREADS, &threads);
    options->threads = (uint32_t)threads;
    return good;
}

static bool set_wait(struct ping_options *options, const char *value)
{
    return parse_duration(value, &options->wait) && options->wait > 0;
}

static const struct valued_option {
    const char *name;
    bool (*set)(struct ping_options *options, const char *value);
} valued_options[] = {
    {"--rate",     set_rate    },
    {"--count",    set_count   },
    {"--duration", set_duration},
    {"--size",     set_size    },
    {"--burst",    set_burst   },
    {"--threads",  set_threads },
    {"--wait",     set_wait    },
};

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words != NULL && strcmp(text, *words) != 0) {
        words++;
    }
    return *words != NULL;
}

/* Sets `*value` to what follows "=", or to NULL when it is the next argument. */
static const struct valued_option *find_option(const char *argument, const char **value)
{
    size_t size = strcspn(argument, "=");
    for (size_t i = 0; i < sizeof valued_options / sizeof *valued_options; i++) {
        const char *name = valued_options[i].name;
        if (strlen(name) == size && memcmp(name, argument, size) == 0) {
            *value = argument[size] == '=' ? argument + size + 1 : NULL;
            return &valued_options[i];
        }
    }
    return NULL;
}

/* Takes the option at `*at` and its value; leaves `*at` at the last one taken. */
static bool take_option(struct ping_options *options, int argc, char *const *argv, int *at)
{
    const char *value;
    const struct valued_option *option = find_option(argv[*at], &value);
    if (option == NULL) {
        return false;
    }
    if (value == NULL) {
        if (*at + 1 >= argc) {
            return false;
        }
        (*at)++;
        value = argv[*at];
    }
    return option->set(options, value);
}

enum options_result options_parse(struct ping_options *options, int argc, char *const *argv,
                                  const char **bad)
{
    static const char *const help[] = {"--help", "-h", "/h", "/help", "/?", NULL};
    *options = (struct ping_options){
        .rate = 1,
        .count = OPTIONS_NO_COUNT,
        .duration = OPTIONS_NO_DURATION,
        .burst = 1,
        .threads = 1,
    };
    for (int i = 1; i < argc; i++) {
        *bad = argv[i];
        if (is_one_of(argv[i], help)) {
            return OPTIONS_HELP;
        }
        if (strcmp(argv[i], "--version") == 0) {
            return OPTIONS_VERSION;
        }
        if (strcmp(argv[i], "--quiet") == 0) {
            options->quiet = true;
        } else if (!take_option(options, argc, argv, &i)) {
            return OPTIONS_BAD;
        }
    }
    return OPTIONS_RUN;
}
