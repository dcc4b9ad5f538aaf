/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "monitor/options/options_parts.h"
#include "monitor/options/typed.h"

enum { LEAST_SPOOL = 2 * 1024 * 1024 };

static bool same_sink(const struct sink_choice *a, const struct sink_choice *b)
{
    return a->kind == b->kind &&
           (a->path == NULL || b->path == NULL || strcmp(a->path, b->path) == 0);
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A relay, written in the one way that is kept of it: the text is `place`, of ADDRESS_URL_SIZE. */
static enum etwas_status take_relay(struct parse *parse, char *place)
{
    struct address address;
    struct role role;
    const char *problem = NULL;
    if (begins(parse->value, "role:")) {
        if (role_parse(parse->value, &role) != ETWAS_OK) {
            return options_fail(parse,
                                "--sink %.200s: a role is written role:NAME or role:NAME:ENDPOINT, "
                                "of letters, digits, dots, hyphens and underscores",
                                parse->value);
        }
        (void)snprintf(place, ADDRESS_URL_SIZE, "%s", role.text);
        return ETWAS_OK;
    }
    if (address_parse(parse->value, &address, &problem) != ETWAS_OK) {
        return options_fail(parse, "--sink %.200s: a relay is written http://HOST[:PORT]: %s",
                            parse->value, problem);
    }
    (void)snprintf(place, ADDRESS_URL_SIZE, "%s", address.url);
    return ETWAS_OK;
}

static enum etwas_status take_choice(struct parse *parse, struct sink_choice *choice, char *place)
{
    *choice = (struct sink_choice){.kind = SINK_KIND_STDOUT};
    if (strcmp(parse->value, "null") == 0) {
        choice->kind = SINK_KIND_NULL;
    } else if (begins(parse->value, "file:") && parse->value[5] != 0) {
        *choice = (struct sink_choice){SINK_KIND_FILE, parse->value + 5};
    } else if (begins(parse->value, "role:") || strstr(parse->value, "://") != NULL) {
        *choice = (struct sink_choice){SINK_KIND_RELAY, place};
        return take_relay(parse, place);
    } else if (strcmp(parse->value, "stdout") != 0) {
        return options_fail(parse,
                            "--sink %.200s: there is no such sink; there are stdout, null, "
                            "file:PATH, http://HOST[:PORT], https://HOST[:PORT] and role:NAME",
                            parse->value);
    }
    return ETWAS_OK;
}

enum etwas_status options_on_sink(struct parse *parse)
{
    struct options *options = parse->options;
    char place[ADDRESS_URL_SIZE];
    struct sink_choice choice;
    if (take_choice(parse, &choice, place) != ETWAS_OK) {
        return ETWAS_MALFORMED;
    }
    for (size_t i = 0; i < options->sink_count; i++) {
        if (same_sink(&options->sinks[i], &choice)) {
            return ETWAS_OK;
        }
    }
    if (options->sink_count == OPTIONS_MAX_SINKS) {
        return options_fail(parse, "at most %d --sink can be given", OPTIONS_MAX_SINKS);
    }
    if (choice.kind == SINK_KIND_RELAY) {
        memcpy(options->places[options->sink_count], place, sizeof place);
        choice.path = options->places[options->sink_count];
    }
    options->sinks[options->sink_count++] = choice;
    return ETWAS_OK;
}

/* A file or a folder: anything but nothing. */
static enum etwas_status take_path(struct parse *parse, const char **path)
{
    *path = parse->value;
    return parse->value[0] != 0 ? ETWAS_OK : options_fail(parse, "%s wants a path", parse->name);
}

enum etwas_status options_on_spool(struct parse *parse)
{
    return take_path(parse, &parse->options->relay.spool);
}

enum etwas_status options_on_key(struct parse *parse)
{
    return take_path(parse, &parse->options->relay.key);
}

enum etwas_status options_on_ca(struct parse *parse)
{
    return take_path(parse, &parse->options->relay.ca);
}

enum etwas_status options_on_discovery(struct parse *parse)
{
    return take_path(parse, &parse->options->relay.discovery);
}

enum etwas_status options_on_spool_max(struct parse *parse)
{
    uint64_t *bytes = &parse->options->relay.spool_max;
    if (!typed_size(parse->value, strlen(parse->value), bytes) || *bytes < LEAST_SPOOL) {
        return options_fail(parse, "--spool-max wants a size such as 500MB or 2GB, at least 2MB");
    }
    return ETWAS_OK;
}

static enum etwas_status take_time(struct parse *parse, uint32_t *time_ms)
{
    if (!typed_time_ms(parse->value, strlen(parse->value), 1000, time_ms)) {
        return options_fail(parse, "%s wants a time such as 30, 30s, 10m or 12h", parse->name);
    }
    return ETWAS_OK;
}

enum etwas_status options_on_spool_age(struct parse *parse)
{
    uint32_t time_ms = 0;
    if (take_time(parse, &time_ms) != ETWAS_OK || time_ms < 1000) {
        return options_fail(parse, "--spool-age wants a time such as 30m or 12h, at least 1s");
    }
    parse->options->relay.spool_age_s = time_ms / 1000;
    return ETWAS_OK;
}

enum etwas_status options_on_drain(struct parse *parse)
{
    return take_time(parse, &parse->options->relay.drain_ms);
}

enum etwas_status options_on_drop(struct parse *parse)
{
    enum spool_drop *drop = &parse->options->relay.drop;
    if (strcmp(parse->value, "oldest") == 0) {
        *drop = SPOOL_DROP_OLDEST;
    } else if (strcmp(parse->value, "newest") == 0) {
        *drop = SPOOL_DROP_NEWEST;
    } else if (strcmp(parse->value, "block") == 0) {
        *drop = SPOOL_BLOCK;
    } else {
        return options_fail(parse, "--drop knows oldest, newest and block, not \"%.100s\"",
                            parse->value);
    }
    return ETWAS_OK;
}

enum etwas_status options_on_fsync(struct parse *parse)
{
    enum spool_sync *sync = &parse->options->relay.sync;
    if (strcmp(parse->value, "batch") == 0) {
        *sync = SPOOL_SYNC_BATCH;
    } else if (strcmp(parse->value, "interval") == 0) {
        *sync = SPOOL_SYNC_INTERVAL;
    } else if (strcmp(parse->value, "never") == 0) {
        *sync = SPOOL_SYNC_NEVER;
    } else {
        return options_fail(parse, "--fsync knows batch, interval and never, not \"%.100s\"",
                            parse->value);
    }
    return ETWAS_OK;
}
