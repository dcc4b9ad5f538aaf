/* SPDX-License-Identifier: MIT */
#include "monitor/forward/roles.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitor/forward/resolve.h"
#include "monitor/local/moment.h"

enum { FILE_MAXIMUM = 256 * 1024, HTTPS_PORT = 443, QUERY_SIZE = 96 };

struct known {
    struct role role;
    size_t count;
    struct address list[ROLES_INSTANCES];
    bool in_file;
    bool said;      /* that it has no instances */
    int64_t dns_ms; /* when the DNS is asked next */
};

struct roles {
    struct roles_options options;
    pthread_mutex_t lock; /* of all but the text */
    pthread_cond_t wake;
    pthread_t thread;
    bool started; /* the thread: with the first role */
    bool stopping;
    uint64_t generation;
    size_t count;
    struct known known[ROLES_MAX];
    bool added;       /* a role was, since the file was looked at */
    size_t text_size; /* of the file when it was read last */
    char *text;
    char *next_text;
    bool said_malformed;
};

/* Reads the whole file; false: it cannot be, or is too big. */
static bool read_file(struct roles *roles, size_t *size)
{
    FILE *file = roles->options.file == NULL ? NULL : fopen(roles->options.file, "rb");
    if (file == NULL) {
        return false;
    }
    *size = fread(roles->next_text, 1, FILE_MAXIMUM, file);
    const bool whole = *size < FILE_MAXIMUM && ferror(file) == 0;
    (void)fclose(file);
    return whole;
}

/* True when there is anything new in it, or for whom it would be new. */
static bool look_at_file(struct roles *roles)
{
    size_t size = 0;
    bool added = false;
    const bool there = read_file(roles, &size);
    (void)pthread_mutex_lock(&roles->lock);
    added = roles->added;
    roles->added = false;
    (void)pthread_mutex_unlock(&roles->lock);
    if (!there) {
        return false;
    }
    if (size == roles->text_size && memcmp(roles->text, roles->next_text, size) == 0) {
        return added;
    }
    char *text = roles->text;
    roles->text = roles->next_text;
    roles->next_text = text;
    roles->text_size = size;
    roles->said_malformed = false;
    return true;
}

/* Under the lock. */
static void take_list(struct roles *roles, struct known *known, const struct address *list,
                      size_t count)
{
    bool same = known->count == count;
    for (size_t i = 0; i < count && same; i++) {
        same = strcmp(known->list[i].url, list[i].url) == 0;
    }
    if (same) {
        return;
    }
    known->count = count;
    known->said = false;
    memcpy(known->list, list, count * sizeof *list);
    roles->generation++;
}

static void say_malformed(struct roles *roles)
{
    if (!roles->said_malformed) {
        roles->said_malformed = true;
        (void)fprintf(stderr,
                      "etwas: %s: it is no discovery file (etwas(1)); roles stay as they were\n",
                      roles->options.file);
    }
}

static void use_file(struct roles *roles)
{
    struct address list[ROLES_INSTANCES];
    (void)pthread_mutex_lock(&roles->lock);
    for (size_t i = 0; i < roles->count; i++) {
        struct known *known = &roles->known[i];
        size_t count = 0;
        const enum etwas_status status =
            roles_parse(roles->text, roles->text_size, &known->role, list, &count);
        if (status == ETWAS_OK) {
            known->in_file = true;
            take_list(roles, known, list, count);
        } else if (status == ETWAS_NOT_FOUND) {
            known->dns_ms = known->in_file ? 0 : known->dns_ms;
            known->in_file = false;
        } else {
            say_malformed(roles);
        }
    }
    (void)pthread_mutex_unlock(&roles->lock);
}

static size_t addresses_of(const struct srv_record *records, size_t record_count,
                           struct address list[ROLES_INSTANCES])
{
    size_t count = 0;
    for (size_t i = 0; i < record_count && count < ROLES_INSTANCES; i++) {
        char url[SRV_TARGET_SIZE + 32];
        const char *problem = NULL;
        (void)snprintf(url, sizeof url, "http%s://%s:%u/", records[i].port == HTTPS_PORT ? "s" : "",
                       records[i].target, (unsigned)records[i].port);
        count += address_parse(url, &list[count], &problem) == ETWAS_OK ? 1 : 0;
    }
    return count;
}

/* The name to ask for if it is time to ask about that role. */
static bool is_due(struct roles *roles, size_t index, char name[QUERY_SIZE])
{
    (void)pthread_mutex_lock(&roles->lock);
    struct known *known = &roles->known[index];
    const int64_t now_ms = moment_steady_ms();
    const bool due =
        index < roles->count && !known->in_file && now_ms >= known->dns_ms && !roles->stopping;
    if (due) {
        known->dns_ms = now_ms + ROLES_DNS_MS;
        (void)snprintf(name, QUERY_SIZE, "_etwas._tcp.%s", known->role.name);
    }
    (void)pthread_mutex_unlock(&roles->lock);
    return due;
}

static void use_dns(struct roles *roles)
{
    struct srv_record records[SRV_MAX];
    struct address list[ROLES_INSTANCES];
    for (size_t i = 0; i < ROLES_MAX; i++) {
        char name[QUERY_SIZE];
        size_t count = 0;
        if (!is_due(roles, i, name)) {
            continue;
        }
        const enum etwas_status status = resolve_srv(name, records, &count);
        count = addresses_of(records, count, list);
        (void)pthread_mutex_lock(&roles->lock);
        if (status == ETWAS_OK || status == ETWAS_NOT_FOUND) {
            take_list(roles, &roles->known[i], list, count);
        }
        (void)pthread_mutex_unlock(&roles->lock);
    }
}

static void say_empty(struct roles *roles)
{
    (void)pthread_mutex_lock(&roles->lock);
    for (size_t i = 0; i < roles->count; i++) {
        struct known *known = &roles->known[i];
        if (known->count == 0 && !known->said) {
            known->said = true;
            (void)fprintf(stderr,
                          "etwas: %s: no instance of it is known; events are kept\n"
                          "next: name them in a discovery file (etwas(1)), or in the DNS as SRV "
                          "records of _etwas._tcp.%s\n",
                          known->role.text, known->role.name);
        }
    }
    (void)pthread_mutex_unlock(&roles->lock);
}

/* Until something is to be done; false: the end. */
static bool wait(struct roles *roles)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ROLES_FILE_MS / 1000;
    (void)pthread_mutex_lock(&roles->lock);
    while (!roles->stopping && !roles->added &&
           pthread_cond_timedwait(&roles->wake, &roles->lock, &until) == 0) {
    }
    const bool goes_on = !roles->stopping;
    (void)pthread_mutex_unlock(&roles->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct roles *roles = context;
    uint64_t told = 0;
    do {
        if (look_at_file(roles)) {
            use_file(roles);
        }
        use_dns(roles);
        say_empty(roles);
        const uint64_t now = roles_generation(roles);
        if (now != told) {
            told = now;
            roles->options.changed(roles->options.context);
        }
    } while (wait(roles));
    return NULL;
}

static bool start_thread(struct roles *roles)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&roles->thread, NULL, run, roles) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* By a clock that is never set. */
static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(condition, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static void free_roles(struct roles *roles)
{
    (void)pthread_cond_destroy(&roles->wake);
    (void)pthread_mutex_destroy(&roles->lock);
    free(roles->text);
    free(roles->next_text);
    free(roles);
}

enum etwas_status roles_open(const struct roles_options *options, struct roles **roles)
{
    struct roles *made = calloc(1, sizeof *made);
    *roles = NULL;
    if (made == NULL) {
        return ETWAS_NO_MEMORY;
    }
    made->options = *options;
    made->text = malloc(FILE_MAXIMUM);
    made->next_text = malloc(FILE_MAXIMUM);
    (void)pthread_mutex_init(&made->lock, NULL);
    init_condition(&made->wake);
    if (made->text == NULL || made->next_text == NULL) {
        free_roles(made);
        return ETWAS_NO_MEMORY;
    }
    *roles = made;
    return ETWAS_OK;
}

void roles_close(struct roles *roles)
{
    if (roles == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&roles->lock);
    roles->stopping = true;
    (void)pthread_cond_signal(&roles->wake);
    (void)pthread_mutex_unlock(&roles->lock);
    if (roles->started) {
        (void)pthread_join(roles->thread, NULL);
    }
    free_roles(roles);
}

static struct known *find(struct roles *roles, const char *text)
{
    for (size_t i = 0; i < roles->count; i++) {
        if (strcmp(roles->known[i].role.text, text) == 0) {
            return &roles->known[i];
        }
    }
    return NULL;
}

bool roles_add(struct roles *roles, const struct role *role)
{
    (void)pthread_mutex_lock(&roles->lock);
    bool has = find(roles, role->text) != NULL;
    if (!has && roles->count < ROLES_MAX) {
        roles->known[roles->count++] = (struct known){.role = *role};
        roles->added = true;
        roles->started = roles->started || start_thread(roles);
        has = roles->started;
        (void)pthread_cond_signal(&roles->wake);
    }
    (void)pthread_mutex_unlock(&roles->lock);
    return has;
}

uint64_t roles_generation(struct roles *roles)
{
    (void)pthread_mutex_lock(&roles->lock);
    const uint64_t generation = roles->generation;
    (void)pthread_mutex_unlock(&roles->lock);
    return generation;
}

size_t roles_get(struct roles *roles, const char *text, struct address list[ROLES_INSTANCES])
{
    (void)pthread_mutex_lock(&roles->lock);
    const struct known *known = find(roles, text);
    const size_t count = known == NULL ? 0 : known->count;
    if (count != 0) {
        memcpy(list, known->list, count * sizeof *list);
    }
    (void)pthread_mutex_unlock(&roles->lock);
    return count;
}
