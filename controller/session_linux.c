/* SPDX-License-Identifier: MIT */
#include "controller/session.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "controller/controller.h"

static struct tracefs_path instance_of(const struct session *session)
{
    return tracefs_path("etwas_%" PRIu32 "_%s", session->info.uid, session->info.name);
}

/* All CPUs or none: one that is not read would lose its events silently. */
static bool open_cpus(struct session *session, uint32_t cpu_count)
{
    bool good = true;
    for (uint32_t i = 0; i < cpu_count; i++) {
        struct session_cpu *cpu = &session->cpus[i];
        const struct tracefs_path records =
            tracefs_path("per_cpu/cpu%" PRIu32 "/trace_pipe_raw", i);
        const struct tracefs_path stats = tracefs_path("per_cpu/cpu%" PRIu32 "/stats", i);
        *cpu = (struct session_cpu){.is_busy = true, /* its counters are read at once */
                                    .records = tracefs_open(session->directory, records.text),
                                    .stats = tracefs_open(session->directory, stats.text)};
        good = good && cpu->records >= 0 && cpu->stats >= 0;
    }
    return good;
}

static bool set_up(const struct session *session)
{
    const int directory = session->directory;
    const struct tracefs_path page_kib = tracefs_path("%zu", session->page_size / 1024);
    const struct tracefs_path ring_kib = tracefs_path("%" PRIu64, session->info.ring_size / 1024);
    /* Sub-buffers come before the ring: to change their size empties it. Older kernels cannot. */
    (void)tracefs_write(directory, "buffer_subbuf_size_kb", page_kib.text);
    /* The names of processes are the monitor's to learn; to record them costs each switch. */
    (void)tracefs_write(directory, "options/record-cmd", "0");
    return tracefs_write(directory, "trace_clock", "mono") &&
           tracefs_write(directory, "buffer_size_kb", ring_kib.text);
}

static void forget_descriptors(struct session *session)
{
    session->directory = -1;
    memset(session->cpus, 0xff, sizeof session->cpus); /* each is -1 */
}

bool session_create(struct session *session, const struct session_host *host, bool adopt)
{
    const struct tracefs_path name = instance_of(session);
    const struct tracefs_path threads =
        tracefs_path("%" PRIu32 " %" PRIu32, host->excluded[0], host->excluded[1]);
    struct stat status;
    forget_descriptors(session);
    if (!adopt && mkdirat(host->instances, name.text, 0700) != 0) {
        return false;
    }
    const int directory =
        openat(host->instances, name.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    session->directory = directory;
    /* The lock says that a controller lives that looks after it. Our own threads leave no
     * events, or each read of a ring would fill it again. */
    if (fstat(directory, &status) != 0 || flock(directory, LOCK_EX | LOCK_NB) != 0 ||
        !tracefs_write(directory, "set_event_notrace_pid", threads.text) ||
        (!adopt && !set_up(session))) {
        return false;
    }
    /* The instance's birth tells its lives apart, also after a restart of ours. */
    session->info.id = (uint64_t)status.st_ctim.tv_sec * 1000000000U +
                       (uint64_t)status.st_ctim.tv_nsec + ((uint64_t)status.st_ino << 40);
    const int64_t page_kib = tracefs_number(directory, "buffer_subbuf_size_kb");
    const int64_t ring_kib = tracefs_number(directory, "buffer_size_kb");
    session->page_size = page_kib > 0 ? (size_t)page_kib * 1024 : 4096;
    session->info.ring_size = (uint64_t)ring_kib * 1024;
    /* Else our predecessor died while it made or removed this one. */
    return ring_kib > 0 && page_kib <= 64 && tracefs_number(directory, "tracing_on") == 1 &&
           open_cpus(session, host->cpu_count);
}

bool session_remove(struct session *session, const struct session_host *host)
{
    for (uint32_t i = 0; i < host->cpu_count; i++) {
        (void)close(session->cpus[i].records);
        (void)close(session->cpus[i].stats);
    }
    (void)close(session->directory);
    forget_descriptors(session);
    return unlinkat(host->instances, instance_of(session).text, AT_REMOVEDIR) == 0 ||
           errno == ENOENT;
}

struct tracefs_path session_event_path(const char *event, const char *file)
{
    struct tracefs_path path = tracefs_path("events/%s/%s", event, file);
    path.text[strcspn(path.text, ":")] = '/';
    return path;
}

int session_event_id(const struct session_host *host, const char *event)
{
    const int64_t id = tracefs_number(host->tracefs, session_event_path(event, "id").text);
    return id <= UINT16_MAX ? (int)id : -1;
}

bool session_switch(const struct session *session, const char *event, const char *filter, bool on)
{
    const struct tracefs_path path = session_event_path(event, "enable");
    return (tracefs_write(session->directory, session_event_path(event, "filter").text, filter) ||
            !on) &&
           tracefs_write(session->directory, path.text, on ? "1" : "0");
}
