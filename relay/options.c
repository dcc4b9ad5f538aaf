/* SPDX-License-Identifier: MIT */
#include "relay/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "relay/publishers.h"
#include "relay/typed.h"

enum { MAX_VIEWERS = 2000 };

/* The command line being read. */
struct parse {
    struct options *options;
    const struct options_environment *environment;
    char *problem;
    const char *name;  /* of the option */
    const char *value; /* NULL when it takes none */
    bool port_given;
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

static enum etwas_status set_action(struct parse *parse, enum options_action action)
{
    if (parse->options->action != ACTION_RUN && parse->options->action != action) {
        return fail(parse, "give one of --approve, --verify and --backup");
    }
    parse->options->action = action;
    return ETWAS_OK;
}

static enum etwas_status take_port(struct parse *parse, const char *text, const char *name)
{
    uint64_t number = 0;
    if (!typed_decimal(text, strlen(text), UINT16_MAX, &number)) {
        return fail(parse, "%s wants a port, 0 to 65535 (0: any that is free)", name);
    }
    parse->options->port = (uint16_t)number;
    return ETWAS_OK;
}

static enum etwas_status on_port(struct parse *parse)
{
    parse->port_given = true;
    return take_port(parse, parse->value, "--port");
}

static enum etwas_status on_bind(struct parse *parse)
{
    struct options *options = parse->options;
    if (options->address_count == OPTIONS_MAX_ADDRESSES || parse->value[0] == '\0') {
        return fail(parse, "--bind wants an address of this machine, at most %d times",
                    OPTIONS_MAX_ADDRESSES);
    }
    options->addresses[options->address_count++] = parse->value;
    return ETWAS_OK;
}

static enum etwas_status on_host(struct parse *parse)
{
    struct options *options = parse->options;
    if (options->host_count == OPTIONS_MAX_HOSTS || parse->value[0] == '\0') {
        return fail(parse, "--host wants NAME or NAME:PORT, at most %d times", OPTIONS_MAX_HOSTS);
    }
    options->hosts[options->host_count++] = parse->value;
    return ETWAS_OK;
}

static enum etwas_status on_data(struct parse *parse)
{
    const size_t size = strlen(parse->value);
    if (size == 0 || size >= sizeof parse->options->data) {
        return fail(parse, "--data wants a folder");
    }
    memcpy(parse->options->data, parse->value, size + 1);
    return ETWAS_OK;
}

static enum etwas_status on_keys(struct parse *parse)
{
    parse->options->keys = parse->value;
    return parse->value[0] != '\0' ? ETWAS_OK : fail(parse, "--keys wants a file");
}

static enum etwas_status on_approve(struct parse *parse)
{
    parse->options->fingerprint = parse->value;
    if (parse->value[0] == '\0' || parse->value[0] == '-') {
        return fail(parse, "--approve wants the fingerprint of a key, SHA256:...");
    }
    return set_action(parse, ACTION_APPROVE);
}

static enum etwas_status on_verify(struct parse *parse)
{
    return set_action(parse, ACTION_VERIFY);
}

static enum etwas_status on_backup(struct parse *parse)
{
    parse->options->backup = parse->value;
    return parse->value[0] != '\0' ? set_action(parse, ACTION_BACKUP)
                                   : fail(parse, "--backup wants a file that is not there yet");
}

static enum etwas_status on_trust_local(struct parse *parse)
{
    parse->options->trust_local = true;
    parse->options->trust_proxied = true;
    return ETWAS_OK;
}

static enum etwas_status on_no_trust_local(struct parse *parse)
{
    parse->options->trust_local = false;
    return ETWAS_OK;
}

static enum etwas_status on_certificate(struct parse *parse)
{
    parse->options->certificate = parse->value;
    return ETWAS_OK;
}

static enum etwas_status on_key(struct parse *parse)
{
    parse->options->key = parse->value;
    return ETWAS_OK;
}

static enum etwas_status on_insecure(struct parse *parse)
{
    parse->options->insecure = true;
    return ETWAS_OK;
}

static enum etwas_status on_quiet(struct parse *parse)
{
    parse->options->quiet = true;
    return ETWAS_OK;
}

static enum etwas_status on_retain_size(struct parse *parse)
{
    if (!typed_size(parse->value, strlen(parse->value), &parse->options->retain_bytes)) {
        return fail(parse, "--retain-size wants a size such as 500M, 20G or 1T; 0: no limit");
    }
    return ETWAS_OK;
}

static enum etwas_status on_retain_age(struct parse *parse)
{
    if (!typed_age_s(parse->value, strlen(parse->value), &parse->options->retain_s)) {
        return fail(parse, "--retain-age wants a time such as 90m, 12h, 30d or 1y; 0: no limit");
    }
    return ETWAS_OK;
}

static enum etwas_status on_max_viewers(struct parse *parse)
{
    uint64_t number = 0;
    if (!typed_decimal(parse->value, strlen(parse->value), MAX_VIEWERS, &number)) {
        return fail(parse, "--max-viewers wants a number up to %d", MAX_VIEWERS);
    }
    parse->options->max_viewers = (uint32_t)number;
    return ETWAS_OK;
}

/* "100" are batches a second, "10M" bytes a second. */
static enum etwas_status on_rate_limit(struct parse *parse)
{
    struct options *options = parse->options;
    const size_t size = strlen(parse->value);
    if (typed_decimal(parse->value, size, PUBLISHERS_MAX_RATE, &options->max_batches_per_s)) {
        return ETWAS_OK;
    }
    if (typed_size(parse->value, size, &options->max_bytes_per_s) &&
        options->max_bytes_per_s <= PUBLISHERS_MAX_RATE) {
        return ETWAS_OK;
    }
    return fail(parse, "--rate-limit wants batches a second, such as 100, or bytes a second, "
                       "such as 500K or 10M");
}

static const struct option {
    const char *name;
    bool takes_value;
    enum etwas_status (*take)(struct parse *parse);
} known[] = {
    {"--port",           true,  on_port          },
    {"--bind",           true,  on_bind          },
    {"--host",           true,  on_host          },
    {"--data",           true,  on_data          },
    {"--keys",           true,  on_keys          },
    {"--approve",        true,  on_approve       },
    {"--verify",         false, on_verify        },
    {"--backup",         true,  on_backup        },
    {"--trust-local",    false, on_trust_local   },
    {"--no-trust-local", false, on_no_trust_local},
    {"--tls-cert",       true,  on_certificate   },
    {"--tls-key",        true,  on_key           },
    {"--insecure",       false, on_insecure      },
    {"--retain-size",    true,  on_retain_size   },
    {"--retain-age",     true,  on_retain_age    },
    {"--max-viewers",    true,  on_max_viewers   },
    {"--rate-limit",     true,  on_rate_limit    },
    {"--quiet",          false, on_quiet         },
};

static const struct option *find_option(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].name) == size && memcmp(known[i].name, text, size) == 0) {
            return &known[i];
        }
    }
    return NULL;
}

/* Takes argv[*at] and what belongs to it; leaves `*at` on the last of these. */
static enum etwas_status take_option(struct parse *parse, char *const *argv, int *at)
{
    const char *text = argv[*at];
    const char *equals = text[0] == '-' ? strchr(text, '=') : NULL;
    const size_t size = equals == NULL ? strlen(text) : (size_t)(equals - text);
    const struct option *option = find_option(text, size);
    if (option == NULL) {
        return text[0] == '-' ? fail(parse, "there is no option %.200s", text)
                              : fail(parse, "\"%.200s\" is no option", text);
    }
    parse->name = option->name;
    parse->value = NULL;
    if (!option->takes_value && equals != NULL) {
        return fail(parse, "%s takes no value", option->name);
    }
    if (option->takes_value) {
        parse->value = equals != NULL ? equals + 1 : argv[*at + 1];
        *at += equals == NULL && parse->value != NULL ? 1 : 0;
        if (parse->value == NULL) {
            return fail(parse, "%s wants a value", option->name);
        }
    }
    return option->take(parse);
}

static bool take_word(struct options *options, const char *text)
{
    static const struct {
        const char *word;
        enum options_action action;
    } words[] = {
        {"--help",    ACTION_HELP   },
        {"-h",        ACTION_HELP   },
        {"/h",        ACTION_HELP   },
        {"/help",     ACTION_HELP   },
        {"/?",        ACTION_HELP   },
        {"--version", ACTION_VERSION},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i].word) == 0) {
            options->action = words[i].action;
            return true;
        }
    }
    return false;
}

/* Help and version win over everything else on the line. */
static bool asks_for_text(struct options *options, int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        if (take_word(options, argv[i])) {
            return true;
        }
    }
    return false;
}

/* Where the relay's files are unless it was said. */
static enum etwas_status choose_data(struct parse *parse)
{
    const struct options_environment *environment = parse->environment;
    char *data = parse->options->data;
    const size_t room = sizeof parse->options->data;
    int size = 0;
    if (data[0] != '\0') {
        return ETWAS_OK;
    }
    if (environment->state_directory != NULL && environment->state_directory[0] == '/') {
        /* Several folders are separated by colons; the first is ours. */
        size = snprintf(data, room, "%.*s", (int)strcspn(environment->state_directory, ":"),
                        environment->state_directory);
    } else if (environment->root) {
        size = snprintf(data, room, "/var/lib/etwas-relay");
    } else if (environment->xdg_state_home != NULL && environment->xdg_state_home[0] == '/') {
        size = snprintf(data, room, "%s/etwas/relay", environment->xdg_state_home);
    } else if (environment->home != NULL && environment->home[0] == '/') {
        size = snprintf(data, room, "%s/.local/state/etwas/relay", environment->home);
    }
    return size > 0 && (size_t)size < room ? ETWAS_OK
                                           : fail(parse, "there is no HOME: give --data FOLDER");
}

static enum etwas_status check(struct parse *parse)
{
    const struct options *options = parse->options;
    if ((options->certificate == NULL) != (options->key == NULL)) {
        return fail(parse, "--tls-cert and --tls-key go together");
    }
    if (options->certificate != NULL && options->insecure) {
        return fail(parse, "--insecure means without TLS: it does not go with --tls-cert");
    }
    if (!parse->port_given && parse->environment->port != NULL) {
        return take_port(parse, parse->environment->port, "the variable PORT");
    }
    return ETWAS_OK;
}

enum etwas_status options_parse(struct options *options, int argc, char *const *argv,
                                const struct options_environment *environment, char *problem)
{
    struct parse parse = {.options = options, .environment = environment, .problem = problem};
    *options = (struct options){
        .port = OPTIONS_PORT,
        .trust_local = true,
        .retain_bytes = OPTIONS_RETAIN,
        .max_viewers = OPTIONS_MAX_VIEWERS,
    };
    problem[0] = '\0';
    if (asks_for_text(options, argc, argv)) {
        return ETWAS_OK;
    }
    for (int at = 1; at < argc; at++) {
        const enum etwas_status status = take_option(&parse, argv, &at);
        if (status != ETWAS_OK) {
            return status;
        }
    }
    const enum etwas_status status = check(&parse);
    return status == ETWAS_OK ? choose_data(&parse) : status;
}

const char *options_keys(const struct options *options, char *path, size_t room)
{
    if (options->keys != NULL) {
        return options->keys;
    }
    (void)snprintf(path, room, "%s/keys", options->data);
    return path;
}
