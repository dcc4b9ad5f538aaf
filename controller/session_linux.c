/* SPDX-License-Identifier: MIT */
#include "controller/session.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "controller/controller.h"
#include "controller/tracefs.h"

enum { PATH_SIZE = 2 * MESSAGE_NAME_SIZE + 32 };

static void instance_name(const struct session *session, char name[PATH_SIZE])
{
    (void)snprintf(name, PATH_SIZE, "etwas_%" PRIu32 "_%s", session->info.uid, session->info.name);
}

static void event_path(char path[PATH_SIZE], const char *system, const char *event,
                       const char *file)
{
    (void)snprintf(path, PATH_SIZE, "events/%s/%s/%s", system, event, file);
}

static bool write_number(const struct session *session, const char *path, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    return tracefs_write(session->directory, path, text);
}

static int open_of_cpu(const struct session *session, uint32_t cpu, const char *file)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "per_cpu/cpu%" PRIu32 "/%s", cpu, file);
    return tracefs_open(session->directory, path);
}

/* All CPUs or none: one that is not read would lose its events silently. */
static bool open_cpus(struct session *session, const struct session_host *host)
{
    for (uint32_t i = 0; i < host->cpu_count; i++) {
        session->cpus[i] =
            (struct session_cpu){.records = open_of_cpu(session, i, "trace_pipe_raw"),
                                 .stats = open_of_cpu(session, i, "stats")};
        if (session->cpus[i].records < 0 || session->cpus[i].stats < 0) {
            return false;
        }
    }
    return true;
}

/* Our own threads leave no events, or each read of a ring would fill it again. */
static bool exclude_ourselves(const struct session *session, const struct session_host *host)
{
    char threads[32];
    (void)snprintf(threads, sizeof threads, "%" PRIu32 " %" PRIu32, host->excluded[0],
                   host->excluded[1]);
    return tracefs_write(session->directory, "set_event_notrace_pid", threads);
}

static bool set_up(const struct session *session)
{
    /* Sub-buffers come before the ring: to change their size empties it. Older kernels cannot. */
    (void)write_number(session, "buffer_subbuf_size_kb", session->page_size / 1024);
    /* The names of processes are the monitor's to learn; to record them costs each switch. */
    (void)tracefs_write(session->directory, "options/record-cmd", "0");
    return tracefs_write(session->directory, "trace_clock", "mono") &&
           write_number(session, "buffer_size_kb", session->info.ring_size / 1024);
}

bool session_create(struct session *session, const struct session_host *host, bool adopt)
{
    char name[PATH_SIZE];
    struct stat status;
    instance_name(session, name);
    memset(session->cpus, 0xff, sizeof session->cpus); /* descriptors of -1 */
    session->directory = -1;
    if (!adopt && mkdirat(host->instances, name, 0700) != 0) {
        return false;
    }
    session->directory =
        openat(host->instances, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* The lock says that a controller lives that looks after it. */
    if (fstat(session->directory, &status) != 0 ||
        flock(session->directory, LOCK_EX | LOCK_NB) != 0 || !exclude_ourselves(session, host) ||
        (!adopt && !set_up(session))) {
        return false;
    }
    /* The instance's birth tells its lives apart, also after a restart of ours. */
    session->info.id = (uint64_t)status.st_ctim.tv_sec * 1000000000U +
                       (uint64_t)status.st_ctim.tv_nsec + ((uint64_t)status.st_ino << 40);
    const int64_t page_kib = tracefs_number(session->directory, "buffer_subbuf_size_kb");
    const int64_t ring_kib = tracefs_number(session->directory, "buffer_size_kb");
    session->page_size = page_kib > 0 ? (size_t)page_kib * 1024 : 4096;
    session->info.ring_size = (uint64_t)ring_kib * 1024;
    /* Else our predecessor died while it made or removed this one. */
    return ring_kib > 0 && page_kib <= 64 &&
           tracefs_number(session->directory, "tracing_on") == 1 && open_cpus(session, host);
}

void session_halt(struct session *session)
{
    (void)tracefs_write(session->directory, "tracing_on", "0");
}

static void close_once(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

bool session_remove(struct session *session, const struct session_host *host)
{
    char name[PATH_SIZE];
    instance_name(session, name);
    for (uint32_t i = 0; i < host->cpu_count; i++) {
        close_once(&session->cpus[i].records);
        close_once(&session->cpus[i].stats);
    }
    close_once(&session->directory);
    return unlinkat(host->instances, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

int session_event_id(const struct session_host *host, const char *system, const char *event)
{
    char path[PATH_SIZE];
    event_path(path, system, event, "id");
    const int64_t id = tracefs_number(host->tracefs, path);
    return id <= UINT16_MAX ? (int)id : -1;
}

bool session_switch(const struct session *session, const char *system, const char *event,
                    const char *filter, bool on)
{
    char path[PATH_SIZE];
    event_path(path, system, event, "filter");
    if (!tracefs_write(session->directory, path, filter) && on) {
        return false;
    }
    event_path(path, system, event, "enable");
    return tracefs_write(session->directory, path, on ? "1" : "0");
}

bool session_each_event(const struct session *session,
                        void (*visit)(void *context, const char *system, const char *event),
                        void *context)
{
    /* Read whole first: a visitor that disables events would shift the list under us. */
    static char list[512 * 1024];
    if (tracefs_read(session->directory, "set_event", list, sizeof list) < 0) {
        return false;
    }
    for (char *line = list; *line != '\0';) {
        char *next = line + strcspn(line, "\n");
        next += *next == '\n';
        char *event = line + strcspn(line, ":\n");
        if (*event == ':') {
            *event++ = '\0';
            event[strcspn(event, "\n")] = '\0';
            visit(context, line, event);
        }
        line = next;
    }
    return true;
}
