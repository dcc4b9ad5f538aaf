/* SPDX-License-Identifier: MIT */
#include "viewer/console/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char options_usage[] = "Usage: etwasc --server URL [options]\n"
                             "Try etwasc --help.\n";

const char options_help[] =
    "Usage: etwasc --server URL [options]\n"
    "\n"
    "Prints the events that come to a relay (etwass), all of them, as they come.\n"
    "\n"
    "  --server URL           http://HOST:PORT/ or https://HOST:PORT/\n"
    "  --format text|json     text unless told otherwise\n"
    "  --since TIME|ID        not from now on, but from 2026-11-25T10:00:00Z, from ten\n"
    "                         minutes ago (10m; s m h d), or behind the event ID\n"
    "  --max-events N         ends after so many\n"
    "  --no-reconnect         ends when the connection does\n"
    "  --token FILE           the relay's viewer token; unless told otherwise that of a\n"
    "                         relay of this user, below $XDG_STATE_HOME/etwas/relay\n"
    "  --ca FILE              certificates to trust instead of the system's\n"
    "  --stats                at the end: how many events came and were missed\n"
    "  --quiet                no notices, no count each second\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 fine, 1 bad arguments, 2 failure, 3 denied, 4 not found.\n"
    "See etwasc(1).\n";

/* The command line being read. */
struct parse {
    struct options *options;
    const char *value; /* NULL when the option takes none */
    int64_t now_s;
    char *problem;
};

ETWAS_PRINTF(2, 3)
static enum etwas_status fail(struct parse *parse, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(parse->problem, OPTIONS_PROBLEM_SIZE, format, arguments);
    va_end(arguments);
    return ETWAS_MALFORMED;
}

bool options_is_loopback(const char *server)
{
    const char *host = strstr(server, "://");
    if (host == NULL || strchr(server, '@') != NULL) {
        return false;
    }
    host += strlen("://");
    const bool literal = host[0] == '[';
    const size_t size = literal ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    const bool by_number = strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == size;
    return by_number || (size == strlen("localhost") && strncmp(host, "localhost", size) == 0) ||
           (size == strlen("[::1]") && strncmp(host, "[::1]", size) == 0);
}

static enum etwas_status on_server(struct parse *parse)
{
    const char *value = parse->value;
    const size_t scheme = strncmp(value, "http://", 7) == 0    ? 7
                          : strncmp(value, "https://", 8) == 0 ? 8
                                                               : 0;
    if (scheme == 0 || value[scheme] == 0 || value[scheme] == '/' ||
        strpbrk(value, "?# \t\r\n") != NULL) {
        return fail(parse, "--server wants http://HOST:PORT/ or https://HOST:PORT/, not \"%.100s\"",
                    value);
    }
    parse->options->server = value;
    return ETWAS_OK;
}

static enum etwas_status on_format(struct parse *parse)
{
    parse->options->json = strcmp(parse->value, "json") == 0;
    if (!parse->options->json && strcmp(parse->value, "text") != 0) {
        return fail(parse, "--format knows text and json, not \"%.100s\"", parse->value);
    }
    return ETWAS_OK;
}

static enum etwas_status on_since(struct parse *parse)
{
    if (!since_parse(parse->value, parse->now_s, &parse->options->since)) {
        return fail(parse,
                    "--since wants a time (2026-11-25T10:00:00Z, 10m) or the Id of an event "
                    "(17:3), not \"%.100s\"",
                    parse->value);
    }
    return ETWAS_OK;
}

static enum etwas_status on_max_events(struct parse *parse)
{
    uint64_t number = 0;
    const char *at = parse->value;
    for (; *at >= '0' && *at <= '9' && number < UINT64_MAX / 100; at++) {
        number = number * 10 + (uint64_t)(*at - '0');
    }
    if (*at != 0 || number == 0) {
        return fail(parse, "--max-events wants a number from 1 on, not \"%.100s\"", parse->value);
    }
    parse->options->max_events = number;
    return ETWAS_OK;
}

static enum etwas_status on_token(struct parse *parse)
{
    parse->options->token = parse->value;
    return ETWAS_OK;
}

static enum etwas_status on_ca(struct parse *parse)
{
    parse->options->ca = parse->value;
    return ETWAS_OK;
}

static enum etwas_status on_no_reconnect(struct parse *parse)
{
    parse->options->no_reconnect = true;
    return ETWAS_OK;
}

static enum etwas_status on_stats(struct parse *parse)
{
    parse->options->stats = true;
    return ETWAS_OK;
}

static enum etwas_status on_quiet(struct parse *parse)
{
    parse->options->quiet = true;
    return ETWAS_OK;
}

static enum etwas_status on_version(struct parse *parse)
{
    parse->options->action = ACTION_VERSION;
    return ETWAS_OK;
}

static const struct known {
    const char *name;
    bool has_value;
    enum etwas_status (*take)(struct parse *parse);
} known_options[] = {
    {"--server",       true,  on_server      },
    {"--format",       true,  on_format      },
    {"--since",        true,  on_since       },
    {"--max-events",   true,  on_max_events  },
    {"--token",        true,  on_token       },
    {"--ca",           true,  on_ca          },
    {"--no-reconnect", false, on_no_reconnect},
    {"--stats",        false, on_stats       },
    {"--quiet",        false, on_quiet       },
    {"--version",      false, on_version     },
};

static bool asks_for_help(const char *argument)
{
    static const char *const words[] = {"--help", "-h", "/h", "/help", "/?"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(argument, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const struct known *find(const char *argument)
{
    const size_t size = strcspn(argument, "=");
    for (size_t i = 0; i < sizeof known_options / sizeof *known_options; i++) {
        const char *name = known_options[i].name;
        if (strlen(name) == size && memcmp(name, argument, size) == 0) {
            return &known_options[i];
        }
    }
    return NULL;
}

/* Takes the option at `*at` and its value, which may follow "="; leaves `*at` at the last one. */
static enum etwas_status take(struct parse *parse, int argc, char *const *argv, int *at)
{
    const char *argument = argv[*at];
    const struct known *option = find(argument);
    if (option == NULL) {
        return fail(parse, "there is no option \"%.100s\"", argument);
    }
    const char *equals = strchr(argument, '=');
    parse->value = equals == NULL ? NULL : equals + 1;
    if (!option->has_value && equals != NULL) {
        return fail(parse, "%s takes no value", option->name);
    }
    if (option->has_value && equals == NULL) {
        if (*at + 1 >= argc) {
            return fail(parse, "%s wants a value", option->name);
        }
        *at += 1;
        parse->value = argv[*at];
    }
    return option->take(parse);
}

enum etwas_status options_parse(struct options *options, int argc, char *const *argv, int64_t now_s,
                                char problem[OPTIONS_PROBLEM_SIZE])
{
    struct parse parse = {.options = options, .now_s = now_s, .problem = problem};
    problem[0] = 0;
    *options = (struct options){.max_events = UINT64_MAX};
    for (int i = 1; i < argc; i++) {
        if (asks_for_help(argv[i])) {
            options->action = ACTION_HELP;
            return ETWAS_OK;
        }
    }
    enum etwas_status status = ETWAS_OK;
    for (int i = 1; i < argc && status == ETWAS_OK && options->action == ACTION_RUN; i++) {
        status = take(&parse, argc, argv, &i);
    }
    if (status == ETWAS_OK && options->action == ACTION_RUN && options->server == NULL) {
        return fail(&parse, "--server says which relay: etwasc --server http://localhost:8080/");
    }
    return status;
}
