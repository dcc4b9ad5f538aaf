/* SPDX-License-Identifier: MIT */

/*
 * etwas-controller(8): the elevated part. Everything that needs the rights of root,
 * the heap or the file system happens here, before the first client is heard.
 */
#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#include "controller/probe.h"

static const char usage[] =
    "usage: etwas-controller [--socket PATH] [--group NAME] [--policy PATH] [--check] [--version]\n"
    "  --socket PATH  listens there (default /run/etwas/controller.sock)\n"
    "  --group NAME   members may connect (default etwas); the policy says what they may do\n"
    "  --policy PATH  who may trace what (default /etc/etwas/policy), see etwas-policy(5)\n"
    "  --check        reads the policy, says what is wrong with it, and ends\n";

static struct controller controller = {.lock = PTHREAD_MUTEX_INITIALIZER};
static volatile sig_atomic_t told_to_end;

static void on_signal(int number)
{
    told_to_end = number;
}

static bool find_id(const char *name, bool is_group, uint32_t *id)
{
    const struct group *group = is_group ? getgrnam(name) : NULL;
    const struct passwd *user = is_group ? NULL : getpwnam(name);
    *id = group != NULL ? group->gr_gid : user != NULL ? user->pw_uid : 0;
    return group != NULL || user != NULL;
}

/* The policy must be the administrator's word alone. */
static bool read_policy(const char *path)
{
    static char text[ACCESS_MAX_FILE + 1];
    struct access_fault fault = {.what = NULL};
    struct stat status;
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const ssize_t size = fd < 0 || fstat(fd, &status) != 0 ? -1 : read(fd, text, sizeof text);
    if (size < 0) {
        fault.what = strerror(errno);
    } else if (!S_ISREG(status.st_mode) || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
               (status.st_uid != 0 && status.st_uid != geteuid())) {
        fault.what = "not a file that root alone can write; chown root, chmod go-w";
    } else if (access_parse(&controller.policy, text, (size_t)size, find_id, &fault)) {
        return close(fd) == 0;
    }
    LOG("<3>", "%s:%" PRIu32 ":%" PRIu32 ": %s\n", path, fault.line, fault.column, fault.what);
    return false;
}

/* What a killed predecessor left, by the owner's rights of today. */
static void adopt(const char *entry)
{
    gid_t groups[MAX_GROUPS];
    int count = MAX_GROUPS;
    char none = '\0';
    char *name = &none;
    const unsigned long uid = strncmp(entry, "etwas_", 6) == 0 ? strtoul(entry + 6, &name, 10) : 0;
    const struct passwd *user = getpwuid((uid_t)uid);
    struct access_subject owner = {.uid = (uint32_t)uid, .gid = UINT32_MAX, .groups = groups};
    if (user != NULL && getgrouplist(user->pw_name, user->pw_gid, groups, &count) >= 0) {
        owner.gid = user->pw_gid;
        owner.group_count = (size_t)count;
    }
    if (*name == '_' && uid < UINT32_MAX && tracefs_name_is_plain(name + 1, MESSAGE_SESSION_SIZE)) {
        lifetime_adopt(&controller, name + 1, &owner);
    }
}

static void adopt_all(void)
{
    DIR *directory = fdopendir(dup(controller.host.instances));
    const struct dirent *entry = NULL;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        adopt(entry->d_name);
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    probe_remove_unused(&controller.host);
}

/* Everything that is opened or set once. */
static bool prepare(const char *socket_path, const char *group)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    struct session_host *host = &controller.host;
    struct rlimit files;
    struct sysinfo memory;
    uint32_t gid = 0;
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        controller.clients[i].socket = -1;
    }
    (void)signal(SIGTERM, on_signal);
    (void)signal(SIGINT, on_signal);
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max; /* a session has two descriptors a CPU */
    (void)setrlimit(RLIMIT_NOFILE, &files);
    (void)sysinfo(&memory);
    const uint64_t total = controller.policy.limits[ACCESS_RING_TOTAL];
    controller.ring_total = total != 0 ? total : (uint64_t)memory.totalram * memory.mem_unit / 16;
    host->cpu_count = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
    host->tracefs = open("/sys/kernel/tracing", flags);
    host->instances = openat(host->tracefs, "instances", flags);
    if (host->instances < 0 || host->cpu_count > STREAM_MAX_CPUS) {
        LOG("<3>", "no tracefs, or over %d CPUs: mount -t tracefs tracefs /sys/kernel/tracing\n",
            (int)STREAM_MAX_CPUS);
        return false;
    }
    if (!find_id(group, true, &gid)) {
        LOG("<4>", "no group %s: only root may connect; groupadd --system %s\n", group, group);
    }
    controller.listener = server_listen(socket_path, gid);
    return controller.listener >= 0;
}

/* Privileges are a thread's own. It tells its id, so that nothing traces it. */
static void *drain_main(void *context)
{
    const bool dropped = privileges_drop(controller.host.tracefs);
    controller.host.excluded[1] = dropped ? (uint32_t)syscall(SYS_gettid) : 0;
    (void)pthread_barrier_wait(context);
    return drain_run(&controller);
}

static bool run(const char *socket_path, const char *group)
{
    pthread_t drain;
    pthread_barrier_t told;
    (void)pthread_barrier_init(&told, NULL, 2);
    if (!prepare(socket_path, group) || pthread_create(&drain, NULL, drain_main, &told) != 0) {
        return false;
    }
    (void)pthread_barrier_wait(&told);
    controller.host.excluded[0] = (uint32_t)getpid();
    adopt_all();
    if (controller.host.excluded[1] == 0 || !privileges_drop(controller.host.tracefs) ||
        !privileges_confine()) {
        LOG("<3>", "giving up privileges: %s\n", strerror(errno));
        return false;
    }
    LOG("<5>", "ready: %zu rules, %" PRIu32 " CPUs, %" PRIu64 " MiB for rings\n",
        controller.policy.rule_count, controller.host.cpu_count, controller.ring_total >> 20);
    server_run(&controller, &told_to_end);
    controller.ending = true;
    return pthread_join(drain, NULL) == 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"socket",  required_argument, NULL, 's'},
        {"group",   required_argument, NULL, 'g'},
        {"policy",  required_argument, NULL, 'p'},
        {"check",   no_argument,       NULL, 'c'},
        {"version", no_argument,       NULL, 'v'},
        {"help",    no_argument,       NULL, 'h'},
        {NULL,      0,                 NULL, 0  },
    };
    const char *values[128] = {
        ['s'] = "/run/etwas/controller.sock", ['g'] = "etwas", ['p'] = "/etc/etwas/policy"};
    int option = 0;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) > 0) {
        values[option] = optarg != NULL ? optarg : "";
    }
    const char *word = optind < argc ? argv[optind] : "";
    const bool help = values['h'] != NULL || strcmp(word, "/h") == 0 ||
                      strcmp(word, "/help") == 0 || strcmp(word, "/?") == 0;
    if (help || values['?'] != NULL || optind < argc) {
        return fputs(usage, help ? stdout : stderr) < 0 || !help;
    }
    if (values['v'] != NULL) {
        return puts("etwas-controller " ETWAS_VERSION) < 0;
    }
    return !(read_policy(values['p']) && (values['c'] != NULL || run(values['s'], values['g'])));
}
