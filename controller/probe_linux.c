/* SPDX-License-Identifier: MIT */
#include "controller/probe.h"

#include <sys/stat.h>
#include <sys/vfs.h>

enum { FUSE_MAGIC = 0x65735546 }; /* statfs(2) */

/* What the kernel's fetch arguments call them (its documentation, uprobetracer.rst). */
static const char *const registers[USDT_REGISTERS] = {
    "ax", "bx", "cx",  "dx",  "si",  "di",  "bp",  "sp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

/* "argN=FETCH:TYPE," for one argument; nothing for what the kernel cannot fetch. */
static int render_argument(const struct message_usdt *usdt, uint32_t index, char *text, size_t size)
{
    const struct usdt_argument *argument = &usdt->arguments[index];
    const bool deep = (usdt->text_mask >> index & 1) != 0;
    char fetch[48];
    char type[8] = "string";
    if (argument->reg >= USDT_REGISTERS || argument->size > 8 ||
        argument->operand >= USDT_UNSUPPORTED || (deep && argument->operand == USDT_CONSTANT)) {
        text[0] = '\0';
        return 0;
    }
    if (argument->operand == USDT_REGISTER) {
        (void)snprintf(fetch, sizeof fetch, "%%%s", registers[argument->reg]);
    } else if (argument->operand == USDT_MEMORY) {
        (void)snprintf(fetch, sizeof fetch, "%+" PRId64 "(%%%s)", argument->value,
                       registers[argument->reg]);
    } else {
        (void)snprintf(fetch, sizeof fetch, "\\%" PRId64, argument->value);
    }
    if (!deep) {
        (void)snprintf(type, sizeof type, "%c%d", argument->is_signed != 0 ? 's' : 'u',
                       argument->size * 8);
    }
    return snprintf(text, size, "arg%" PRIu32 "=%s%s%s:%s,", index + 1, deep ? "+0(" : "", fetch,
                    deep ? ")" : "", type);
}

/* All arguments, joined by commas, "-" for none. False: too long. */
static bool render_arguments(const struct message_usdt *usdt, char text[ACCESS_WHAT_SIZE])
{
    size_t used = 0;
    for (uint32_t i = 0; i < usdt->argument_count; i++) {
        const int size = render_argument(usdt, i, text + used, ACCESS_WHAT_SIZE - used);
        if (size < 0 || (size_t)size >= ACCESS_WHAT_SIZE - used) {
            return false;
        }
        used += (size_t)size;
    }
    memcpy(text + used - (used != 0), used != 0 ? "" : "-", used != 0 ? 1 : 2);
    return true;
}

/*
 * May anybody at all put a probe there? On FUSE a look would wait for a client's program.
 * A breakpoint does no harm on a nop, the x86 instruction that such probes are made of.
 */
static bool is_fit(int file, const struct message_usdt *usdt, struct stat *status)
{
    struct statfs system;
    uint8_t code = 0;
    return fstatfs(file, &system) == 0 && system.f_type != FUSE_MAGIC && fstat(file, status) == 0 &&
           S_ISREG(status->st_mode) &&
           (status->st_mode & (S_IWGRP | S_IWOTH | S_ISUID | S_ISGID)) == 0 &&
           usdt->semaphore < (uint64_t)status->st_size &&
           usdt->argument_count <= USDT_MAX_ARGUMENTS && usdt->offset < INT64_MAX &&
           pread(file, &code, 1, (off_t)usdt->offset) == 1 && code == 0x90;
}

/*
 * The event's name: whose, and, by FNV-1a, the rule and the disk of a file of one's own
 * (0: the administrator's).
 */
static void name_probe(char event[TRACEFS_EVENT_SIZE], uint32_t uid, uint64_t disk,
                       const char *rule)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ disk;
    for (; *rule != '\0'; rule++) {
        hash = (hash ^ (uint8_t)*rule) * UINT64_C(0x100000001b3);
    }
    (void)snprintf(event, TRACEFS_EVENT_SIZE, "etwas_%" PRIu32 ":%s_%016" PRIx64, uid,
                   disk != 0 ? "own" : "rule", hash);
}

/* One that is there already is the same: its name says all about it. */
static bool write_probe(const struct session_host *host, const struct message_usdt *usdt, int file,
                        const char *event, char *arguments)
{
    char line[ACCESS_WHAT_SIZE + TRACEFS_EVENT_SIZE + 96];
    char semaphore[32];
    (void)snprintf(semaphore, sizeof semaphore, "(0x%" PRIx64 ")", usdt->semaphore);
    for (char *c = arguments; (c = strchr(c, ',')) != NULL;) {
        *c = ' ';
    }
    (void)snprintf(line, sizeof line, "p:%s /proc/self/fd/%d:0x%" PRIx64 "%s %s\n", event, file,
                   usdt->offset, usdt->semaphore != 0 ? semaphore : "",
                   arguments[0] != '-' ? arguments : "");
    line[2 + strcspn(event, ":")] = '/';
    return tracefs_write(host->tracefs, "uprobe_events", line) || errno == EEXIST;
}

enum etwas_status probe_register(struct controller *controller,
                                 const struct access_subject *subject, int file,
                                 const struct message_usdt *usdt, char event[TRACEFS_EVENT_SIZE])
{
    char arguments[ACCESS_WHAT_SIZE];
    char rule[ACCESS_WHAT_SIZE];
    struct stat status = {0};
    uint32_t line = 0;
    const bool allowed =
        is_fit(file, usdt, &status) && render_arguments(usdt, arguments) &&
        snprintf(rule, sizeof rule, "usdt:%" PRIu64 ":0x%" PRIx64 ":0x%" PRIx64 ":%s",
                 (uint64_t)status.st_ino, usdt->offset, usdt->semaphore,
                 arguments) < (int)sizeof rule &&
        (status.st_uid == subject->uid || status.st_uid == 0) &&
        access_allows(&controller->policy, subject,
                      status.st_uid == subject->uid ? "usdt:own" : rule, &line);
    const uint64_t disk = status.st_uid == subject->uid ? (uint64_t)status.st_dev + 1 : 0;
    if (allowed) {
        name_probe(event, subject->uid, disk, rule);
    }
    const bool failed = allowed && !write_probe(&controller->host, usdt, file, event, arguments);
    errno = failed ? errno : (int)line;
    return failed ? ETWAS_SYSTEM : allowed ? ETWAS_OK : ETWAS_DENIED;
}

bool probe_may_stay(const struct access_policy *policy, const struct access_subject *subject,
                    const char *event)
{
    uint32_t line = 0;
    char name[TRACEFS_EVENT_SIZE];
    char own[32];
    (void)snprintf(own, sizeof own, "etwas_%" PRIu32 ":own_", subject->uid);
    const char *what = strncmp(event, own, strlen(own)) == 0 ? "usdt:own" : event;
    for (size_t i = 0; i < policy->rule_count; i++) {
        name_probe(name, subject->uid, 0, policy->rules[i].what);
        what = strcmp(event, name) == 0 ? policy->rules[i].what : what;
    }
    const bool orphaned = what == event && strncmp(event, "etwas_", 6) == 0;
    return !orphaned && access_allows(policy, subject, what, &line);
}

static void remove_probe(void *context, char *line)
{
    const struct session_host *host = context;
    if (strncmp(line, "p:etwas_", 8) == 0) {
        line[0] = '-';
        line[strcspn(line, " ")] = '\0';
        (void)tracefs_write(host->tracefs, "uprobe_events", line);
    }
}

void probe_remove_unused(struct session_host *host)
{
    (void)tracefs_each_line(host->tracefs, "uprobe_events", remove_probe, host);
}
