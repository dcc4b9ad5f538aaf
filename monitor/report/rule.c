/* SPDX-License-Identifier: MIT */
#include "monitor/report/rule.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "monitor/plan/ping.h"
#include "monitor/report/report.h"
#include "monitor/session/host.h"

/* By enum usdt_register. */
static const char *const registers[USDT_REGISTERS] = {
    "ax", "bx", "cx",  "dx",  "si",  "di",  "bp",  "sp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

struct text {
    char *at;
    size_t left;
    bool bad;
};

ETWAS_PRINTF(2, 3) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= text->left) {
        text->bad = true;
        return;
    }
    text->at += size;
    text->left -= (size_t)size;
}

/* The kernel has to be able to fetch it, and text needs an address. */
static bool is_fetchable(const struct usdt_argument *argument, bool is_text)
{
    return argument->operand < USDT_UNSUPPORTED && argument->reg < USDT_REGISTERS &&
           argument->size <= 8 && !(is_text && argument->operand == USDT_CONSTANT);
}

static void add_argument(struct text *text, const struct usdt_argument *argument, bool is_text)
{
    add(text, "%s", is_text ? "+0(" : "");
    if (argument->operand == USDT_REGISTER) {
        add(text, "%%%s", registers[argument->reg]);
    } else if (argument->operand == USDT_MEMORY) {
        add(text, "%+" PRId64 "(%%%s)", argument->value, registers[argument->reg]);
    } else {
        add(text, "\\%" PRId64, argument->value);
    }
    if (is_text) {
        add(text, "):string");
    } else {
        add(text, ":%c%u", argument->is_signed ? 's' : 'u', argument->size * 8U);
    }
}

bool rule_render(const struct usdt_probe *probe, uint64_t inode, uint32_t text_mask, char *rule)
{
    struct text text = {.left = RULE_SIZE};
    bool is_first = true;
    text.at = rule;
    add(&text, "usdt:%" PRIu64 ":0x%" PRIx64 ":0x%" PRIx64 ":", inode, probe->offset,
        probe->semaphore);
    for (uint32_t i = 0; i < probe->argument_count; i++) {
        const bool is_text = (text_mask >> i & 1) != 0;
        if (is_fetchable(&probe->arguments[i], is_text)) {
            add(&text, "%sarg%" PRIu32 "=", is_first ? "" : ",", i + 1);
            add_argument(&text, &probe->arguments[i], is_text);
            is_first = false;
        }
    }
    add(&text, "%s", is_first ? "-" : "");
    return !text.bad;
}

static uint32_t text_mask_of(const struct source_spec *spec, const struct usdt_probe *probe)
{
    const bool is_ping = strcmp(probe->provider, "Ping") == 0 && strcmp(probe->name, "Ping") == 0;
    return spec->text_mask == 0 && is_ping ? UINT32_C(1) << PING_TEXT_ARGUMENT : spec->text_mask;
}

static bool is_wanted(const struct source_spec *spec, const struct usdt_probe *probe)
{
    return (spec->provider[0] == 0 || strcmp(spec->provider, probe->provider) == 0) &&
           (spec->probe[0] == 0 || strcmp(spec->probe, probe->name) == 0);
}

/* Prints the line of every probe that is wanted; their number, or -1 when the notes are broken. */
static int print_rules(const struct source_spec *spec, const struct host_file *file, uint64_t inode,
                       const char *who)
{
    struct note_reader reader;
    struct usdt_probe probe;
    int count = 0;
    enum etwas_status status = note_reader_init(&reader, file->data, file->size);
    while (status == ETWAS_OK && (status = note_next(&reader, &probe)) == ETWAS_OK) {
        char rule[RULE_SIZE];
        if (!is_wanted(spec, &probe)) {
            continue;
        }
        if (!rule_render(&probe, inode, text_mask_of(spec, &probe), rule)) {
            (void)fprintf(stderr, "etwas: %s:%s has too many arguments for a rule\n",
                          probe.provider, probe.name);
            continue;
        }
        (void)printf("# %s %s:%s\nallow %s %s\n", spec->path, probe.provider, probe.name, who,
                     rule);
        count++;
    }
    return status == ETWAS_CLOSED ? count : -1;
}

static int rules_of_file(const struct source_spec *spec, const struct host_file *file,
                         const char *who)
{
    struct rule_file facts;
    if (!rule_file_look(file->handle, &facts)) {
        (void)fprintf(stderr, "etwas: %s is no regular file\n", spec->path);
        return REPORT_FAILED;
    }
    const int count = print_rules(spec, file, facts.inode, who);
    if (count < 0) {
        (void)fprintf(stderr, "etwas: %s is no program or library that can be read\n", spec->path);
        return REPORT_FAILED;
    }
    if (count == 0) {
        (void)fprintf(stderr, "etwas: %s has no such probe\nnext: readelf -n %s\n", spec->path,
                      spec->path);
        return REPORT_NOT_FOUND;
    }
    if (!facts.administrators) {
        (void)fprintf(stderr,
                      "etwas: rules hold for files of root that nobody else can write "
                      "and that are not set-id; %s is none. Files of your own need "
                      "only: allow WHO usdt:own\n",
                      spec->path);
    }
    return REPORT_FINE;
}

int report_usdt_rule(const struct options *options)
{
    /* The same grammar as in --source, with or without its prefix. */
    char text[SOURCE_PATH_SIZE + 256];
    const bool prefixed = strncmp(options->usdt_rule, "usdt:", 5) == 0;
    const int length =
        snprintf(text, sizeof text, "%s%s", prefixed ? "" : "usdt:", options->usdt_rule);
    static struct source_spec spec;
    struct source_error problem;
    if (length < 0 || (size_t)length >= sizeof text ||
        source_spec_parse(text, &spec, &problem) != ETWAS_OK) {
        (void)fprintf(stderr, "etwas: --usdt-rule wants FILE[:PROVIDER[:PROBE]][?text=N]\n");
        return 1;
    }
    struct host_file file;
    struct etwas_error error;
    const enum etwas_status status = host_file_open(spec.path, &file, &error);
    if (status != ETWAS_OK) {
        (void)fprintf(stderr, "etwas: %s: %s%s%s\n", spec.path, error.doing,
                      error.os_code == 0 ? "" : ": ",
                      error.os_code == 0 ? "" : strerror((int)error.os_code));
        return status == ETWAS_NOT_FOUND ? REPORT_NOT_FOUND
                                         : (status == ETWAS_DENIED ? REPORT_DENIED : REPORT_FAILED);
    }
    const int result = rules_of_file(&spec, &file, options->who);
    host_file_close(&file);
    return result;
}
