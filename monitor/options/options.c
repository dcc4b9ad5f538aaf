/* SPDX-License-Identifier: MIT */
#include "monitor/options/options.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/options/options_parts.h"
#include "monitor/options/typed.h"

enum {
    DEFAULT_SUBBUFFER_KIB = 64, /* when only the number of buffers is said */
    MAX_RING_KIB = 16 * 1024 * 1024,
    DEFAULT_DRAIN_MS = 30000,
};

enum etwas_status options_fail(struct parse *parse, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(parse->problem, OPTIONS_PROBLEM_SIZE, format, arguments);
    va_end(arguments);
    return ETWAS_MALFORMED;
}

static enum etwas_status set_action(struct parse *parse, enum options_action action)
{
    if (parse->action_given && parse->options->action != action) {
        return options_fail(parse,
                            "%s cannot go with another such option: give one of --stop --status "
                            "--list --info --doctor --usdt-rule --key-show",
                            parse->name);
    }
    parse->action_given = true;
    parse->options->action = action;
    return ETWAS_OK;
}

static enum etwas_status on_stop(struct parse *parse)
{
    return set_action(parse, ACTION_STOP);
}

static enum etwas_status on_status(struct parse *parse)
{
    return set_action(parse, ACTION_STATUS);
}

static enum etwas_status on_info(struct parse *parse)
{
    return set_action(parse, ACTION_INFO);
}

static enum etwas_status on_doctor(struct parse *parse)
{
    return set_action(parse, ACTION_DOCTOR);
}

static enum etwas_status on_key_show(struct parse *parse)
{
    return set_action(parse, ACTION_KEY_SHOW);
}

static enum etwas_status on_usdt_rule(struct parse *parse)
{
    parse->options->usdt_rule = parse->value;
    return set_action(parse, ACTION_USDT_RULE);
}

static enum etwas_status on_list(struct parse *parse)
{
    if (strcmp(parse->value, "providers") == 0) {
        return set_action(parse, ACTION_LIST_PROVIDERS);
    }
    if (strcmp(parse->value, "sessions") == 0) {
        return set_action(parse, ACTION_LIST_SESSIONS);
    }
    if (strcmp(parse->value, "events") == 0) {
        return set_action(parse, ACTION_LIST_EVENTS);
    }
    return options_fail(parse, "--list knows providers, events SYSTEM and sessions, not \"%s\"",
                        parse->value);
}

static enum etwas_status on_source(struct parse *parse)
{
    struct options *options = parse->options;
    for (size_t i = 0; i < options->source_count; i++) {
        if (strcmp(options->source_texts[i], parse->value) == 0) {
            return ETWAS_OK;
        }
    }
    if (options->source_count == OPTIONS_MAX_SOURCES) {
        return options_fail(parse, "at most %d --source can be given", OPTIONS_MAX_SOURCES);
    }
    options->source_texts[options->source_count++] = parse->value;
    return ETWAS_OK;
}

static enum etwas_status on_format(struct parse *parse)
{
    if (event_format_named(parse->value, &parse->options->format)) {
        return ETWAS_OK;
    }
    return options_fail(parse, "--format knows text, json, xml, table and csv, not \"%.100s\"",
                        parse->value);
}

static enum etwas_status on_duration(struct parse *parse)
{
    uint32_t time_ms = 0;
    if (!typed_time_ms(parse->value, strlen(parse->value), 1000, &time_ms) || time_ms == 0) {
        return options_fail(parse, "--duration wants a time such as 10, 10s, 200ms, 5m or 1h");
    }
    parse->options->duration_ms = time_ms;
    return ETWAS_OK;
}

static enum etwas_status on_linger(struct parse *parse)
{
    uint32_t time_ms = 0;
    if (!typed_time_ms(parse->value, strlen(parse->value), 1000, &time_ms)) {
        return options_fail(parse, "--linger wants a time such as 30, 30s, 10m or 1h");
    }
    parse->options->linger_s = time_ms / 1000 + (time_ms % 1000 == 0 ? 0U : 1U);
    return ETWAS_OK;
}

static bool take_number(struct parse *parse, uint64_t maximum, uint64_t *number)
{
    return typed_decimal(parse->value, strlen(parse->value), maximum, number) && *number > 0;
}

static enum etwas_status on_max_events(struct parse *parse)
{
    if (take_number(parse, UINT64_MAX, &parse->options->max_events)) {
        return ETWAS_OK;
    }
    return options_fail(parse, "--max-events wants a number of at least 1");
}

static enum etwas_status on_buffer_size(struct parse *parse)
{
    uint64_t number = 0;
    if (!take_number(parse, DEFAULT_SUBBUFFER_KIB, &number) || number < 4 ||
        (number & (number - 1)) != 0) {
        return options_fail(parse, "--buffer-size is 4, 8, 16, 32 or %d (KB)",
                            DEFAULT_SUBBUFFER_KIB);
    }
    parse->options->subbuffer_kib = (uint32_t)number;
    return ETWAS_OK;
}

static enum etwas_status on_max_buffers(struct parse *parse)
{
    uint64_t number = 0;
    if (!take_number(parse, MAX_RING_KIB, &number) || number < 2) {
        return options_fail(parse, "--max-buffers wants the number of buffers a CPU, at least 2");
    }
    parse->buffers = (uint32_t)number;
    return ETWAS_OK;
}

static bool take_session_name(struct options *options, const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const size_t size = strspn(name, letters);
    if (size == 0 || size > 48 || name[size] != 0) {
        return false;
    }
    memcpy(options->session, name, size + 1);
    return true;
}

static enum etwas_status on_session(struct parse *parse)
{
    struct options *options = parse->options;
    const char *slash = strchr(parse->value, '/');
    uint64_t uid = MESSAGE_UID_SELF;
    if ((slash != NULL && !typed_decimal(parse->value, (size_t)(slash - parse->value),
                                         MESSAGE_UID_SELF - 1, &uid)) ||
        !take_session_name(options, slash == NULL ? parse->value : slash + 1)) {
        return options_fail(parse,
                            "--session wants NAME (with --stop also UID/NAME): 1 to 48 letters, "
                            "digits, _ and -");
    }
    options->session_uid = (uint32_t)uid;
    options->session_named = true;
    return ETWAS_OK;
}

static enum etwas_status on_controller(struct parse *parse)
{
    parse->options->controller = parse->value;
    return ETWAS_OK;
}

static enum etwas_status on_who(struct parse *parse)
{
    parse->options->who = parse->value;
    if (parse->value[0] == 0 || strpbrk(parse->value, " \t\r\n#") != NULL) {
        return options_fail(parse, "--who wants user:NAME, group:NAME, uid:N, gid:N or *");
    }
    return ETWAS_OK;
}

static enum etwas_status on_stats(struct parse *parse)
{
    parse->options->stats = true;
    return ETWAS_OK;
}

static enum etwas_status on_fail_on_loss(struct parse *parse)
{
    parse->options->fail_on_loss = true;
    return ETWAS_OK;
}

static enum etwas_status on_include_self(struct parse *parse)
{
    parse->options->include_self = true;
    return ETWAS_OK;
}

static enum etwas_status on_quiet(struct parse *parse)
{
    parse->options->quiet = true;
    return ETWAS_OK;
}

static enum etwas_status on_etw_only(struct parse *parse)
{
    return options_fail(parse,
                        "%s is for ETW sessions, which need Windows; here --buffer-size and "
                        "--max-buffers shape the session",
                        parse->name);
}

static enum etwas_status on_later(struct parse *parse)
{
    return options_fail(parse, "%s is not in this version", parse->name);
}

static const struct option {
    const char *name;
    const char *letter; /* or NULL */
    bool takes_value;
    enum etwas_status (*take)(struct parse *parse);
} known[] = {
    {"--source",       NULL, true,  on_source             },
    {"--sink",         NULL, true,  options_on_sink       },
    {"--stop",         NULL, false, on_stop               },
    {"--status",       NULL, false, on_status             },
    {"--list",         NULL, true,  on_list               },
    {"--doctor",       NULL, false, on_doctor             },
    {"--info",         NULL, false, on_info               },
    {"--duration",     NULL, true,  on_duration           },
    {"--max-events",   NULL, true,  on_max_events         },
    {"--stats",        NULL, false, on_stats              },
    {"--fail-on-loss", NULL, false, on_fail_on_loss       },
    {"--format",       NULL, true,  on_format             },
    {"--session",      "-s", true,  on_session            },
    {"--buffer-size",  NULL, true,  on_buffer_size        },
    {"--max-buffers",  NULL, true,  on_max_buffers        },
    {"--linger",       NULL, true,  on_linger             },
    {"--include-self", NULL, false, on_include_self       },
    {"--quiet",        NULL, false, on_quiet              },
    {"--controller",   NULL, true,  on_controller         },
    {"--usdt-rule",    NULL, true,  on_usdt_rule          },
    {"--who",          NULL, true,  on_who                },
    {"--min-buffers",  NULL, true,  on_etw_only           },
    {"--flush",        NULL, true,  on_etw_only           },
    {"--clock",        NULL, true,  on_etw_only           },
    {"--mode",         NULL, true,  on_etw_only           },
    {"--query",        "-q", true,  on_later              },
    {"--kql",          NULL, true,  on_later              },
    {"--file",         "-f", true,  options_on_file       },
    {"--manifest",     NULL, true,  options_on_manifest   },
    {"--raw-values",   NULL, false, options_on_raw_values },
    {"--keep-values",  NULL, false, options_on_keep_values},
    {"--stacks",       NULL, false, options_on_stacks     },
    {"--tmf",          NULL, true,  options_on_tmf        },
    {"--spool",        NULL, true,  options_on_spool      },
    {"--spool-max",    NULL, true,  options_on_spool_max  },
    {"--spool-age",    NULL, true,  options_on_spool_age  },
    {"--drop",         NULL, true,  options_on_drop       },
    {"--fsync",        NULL, true,  options_on_fsync      },
    {"--drain",        NULL, true,  options_on_drain      },
    {"--key",          NULL, true,  options_on_key        },
    {"--key-show",     NULL, false, on_key_show           },
    {"--ca",           NULL, true,  options_on_ca         },
    {"--discovery",    NULL, true,  options_on_discovery  },
    {"--self-test",    NULL, false, on_later              },
    {"-oj",            NULL, true,  on_later              },
    {"-oc",            NULL, false, on_later              },
};

static bool is_option(const struct option *option, const char *text, size_t size)
{
    return (strlen(option->name) == size && memcmp(option->name, text, size) == 0) ||
           (option->letter != NULL && strlen(option->letter) == size &&
            memcmp(option->letter, text, size) == 0);
}

static const struct option *find_option(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (is_option(&known[i], text, size)) {
            return &known[i];
        }
    }
    return NULL;
}

/* The system, or with --file the provider, that may follow `--list events`. */
static void take_system(struct parse *parse, char *const *argv, int *at)
{
    const char *system = argv[*at + 1];
    if (system != NULL && system[0] != '-') {
        parse->options->list_system = system;
        (*at)++;
    }
}

static enum etwas_status take_value(struct parse *parse, const struct option *option,
                                    const char *equals, char *const *argv, int *at)
{
    if (!option->takes_value) {
        return equals == NULL ? ETWAS_OK : options_fail(parse, "%s takes no value", option->name);
    }
    parse->value = equals == NULL ? argv[*at + 1] : equals + 1;
    if (equals == NULL && parse->value != NULL) {
        (*at)++;
    }
    /* Of what cannot be used anyway, the value is not asked for. */
    const bool useless = option->take == on_later || option->take == on_etw_only;
    return parse->value != NULL || useless ? ETWAS_OK
                                           : options_fail(parse, "%s wants a value", option->name);
}

static enum etwas_status refuse_word(struct parse *parse, const char *text)
{
    if (text[0] == '-') {
        return options_fail(parse, "there is no option %.200s", text);
    }
    return options_fail(parse, "\"%.200s\" is no option; sources are given with --source", text);
}

/* Takes argv[*at] and what belongs to it; leaves `*at` on the last of these. */
static enum etwas_status take_option(struct parse *parse, char *const *argv, int *at)
{
    const char *text = argv[*at];
    const char *equals = text[0] == '-' ? strchr(text, '=') : NULL;
    const size_t size = equals == NULL ? strlen(text) : (size_t)(equals - text);
    const struct option *option = find_option(text, size);
    if (option == NULL) {
        return refuse_word(parse, text);
    }
    parse->name = option->name;
    parse->value = NULL;
    enum etwas_status status = take_value(parse, option, equals, argv, at);
    if (status == ETWAS_OK) {
        status = option->take(parse);
    }
    if (status == ETWAS_OK && option->take == on_list &&
        parse->options->action == ACTION_LIST_EVENTS) {
        take_system(parse, argv, at);
    }
    return status;
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Help and version win over everything else on the line, but not inside the command. */
static bool asks_for_text(struct options *options, int argc, char *const *argv)
{
    static const char *const help[] = {"--help", "-h", "/h", "/help", "/?", NULL};
    static const char *const version[] = {"--version", NULL};
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_one_of(argv[i], help) || is_one_of(argv[i], version)) {
            options->action = is_one_of(argv[i], help) ? ACTION_HELP : ACTION_VERSION;
            return true;
        }
    }
    return false;
}

static enum etwas_status check_session(struct parse *parse)
{
    struct options *options = parse->options;
    if (options->action == ACTION_RUN && options->session_uid != MESSAGE_UID_SELF) {
        return options_fail(parse,
                            "--session UID/NAME goes with --stop; a session belongs to one user");
    }
    const uint32_t size_kib =
        options->subbuffer_kib == 0 ? DEFAULT_SUBBUFFER_KIB : options->subbuffer_kib;
    if (parse->buffers > MAX_RING_KIB / size_kib) {
        return options_fail(parse, "--max-buffers: a ring of %" PRIu64 " KB a CPU is too big",
                            (uint64_t)parse->buffers * size_kib);
    }
    if (parse->buffers > 0) {
        options->subbuffer_kib = size_kib;
        options->ring_kib = parse->buffers * size_kib;
    }
    return ETWAS_OK;
}

static void set_defaults(struct options *options)
{
    memset(options, 0, sizeof *options);
    options->session_uid = MESSAGE_UID_SELF;
    options->linger_s = UINT32_MAX;
    options->who = "*";
    options->relay.drain_ms = DEFAULT_DRAIN_MS;
    options->relay.sync = SPOOL_SYNC_INTERVAL;
    memcpy(options->session, OPTIONS_SESSION, sizeof OPTIONS_SESSION);
}

static enum etwas_status take_all(struct parse *parse, int argc, char *const *argv)
{
    enum etwas_status status = ETWAS_OK;
    for (int at = 1; at < argc && status == ETWAS_OK; at++) {
        if (strcmp(argv[at], "--") == 0) {
            parse->options->command = argv + at + 1;
            return argv[at + 1] != NULL ? ETWAS_OK
                                        : options_fail(parse, "the command after -- is missing");
        }
        status = take_option(parse, argv, &at);
    }
    return status;
}

enum etwas_status options_parse(struct options *options, int argc, char *const *argv, char *problem)
{
    set_defaults(options);
    problem[0] = 0;
    if (argc <= 1) {
        options->action = ACTION_HELP;
    }
    if (argc <= 1 || asks_for_text(options, argc, argv)) {
        return ETWAS_OK;
    }
    struct parse parse = {.options = options, .problem = problem};
    enum etwas_status status = take_all(&parse, argc, argv);
    if (status == ETWAS_OK) {
        status = check_session(&parse);
    }
    if (status == ETWAS_OK) {
        status = options_check_sources(&parse);
    }
    if (status == ETWAS_OK && options->action == ACTION_RUN) {
        options->sink_count += options->sink_count == 0 ? 1 : 0; /* zeros are stdout */
    }
    return status;
}

void options_clear(struct options *options)
{
    for (size_t i = 0; i < options->source_count; i++) {
        free(options->sources[i]);
        options->sources[i] = NULL;
    }
    options->source_count = 0;
}
