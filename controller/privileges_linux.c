/* SPDX-License-Identifier: MIT */
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "controller/controller.h"

bool privileges_drop(int tracefs)
{
    /* What every landlock knows; for the rest (truncate, ioctl, sockets) no system call is left. */
    const struct landlock_ruleset_attr all = {.handled_access_fs =
                                                  (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    const struct landlock_path_beneath_attr beneath = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                          LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                          LANDLOCK_ACCESS_FS_REMOVE_DIR,
        .parent_fd = tracefs,
    };
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}, {0}};
    /* The bounding set and the groups while we may; without the right they stay as they are. The
     * library's setgroups() would be for all threads. */
    for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
        (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
    }
    (void)syscall(SYS_setgroups, 0, NULL);
    if (syscall(SYS_capset, &header, none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return false;
    }
    const long rules = syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
        LOG("<4>", "this kernel has no landlock: files are guarded by seccomp alone\n");
        return true;
    }
    const bool confined =
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0 &&
        syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    (void)close((int)rules);
    return confined;
}

/* What the two threads do from now on: files below tracefs, clients, memory, their own ends. */
static const uint16_t allowed[] = {
    SYS_openat,       SYS_read,           SYS_write,           SYS_pread64,
    SYS_close,        SYS_mkdirat,        SYS_unlinkat,        SYS_newfstatat,
    SYS_fstat,        SYS_flock,          SYS_fstatfs,         SYS_accept4,
    SYS_recvmsg,      SYS_sendmsg,        SYS_sendto,          SYS_getsockopt,
    SYS_setsockopt,   SYS_poll,           SYS_futex,           SYS_clock_gettime,
    SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_restart_syscall, SYS_exit,
    SYS_exit_group,   SYS_gettid,         SYS_madvise,         SYS_mmap,
    SYS_sigaltstack,  SYS_munmap,         SYS_tgkill};

/* A refused call traps: it fails, and is told. It came from this thread, not from outside. */
static void on_refused_call(int number, siginfo_t *info, void *context)
{
    (void)number;
    LOG("<3>", "system call %d refused\n", info->si_syscall);
    ucontext_t *thread = context;
    thread->uc_mcontext.gregs[REG_RAX] = -EPERM;
}

bool privileges_confine(void)
{
    enum { COUNT = sizeof allowed / sizeof allowed[0] };
    const struct sigaction action = {.sa_sigaction = on_refused_call, .sa_flags = SA_SIGINFO};
    struct sock_filter filter[COUNT + 6] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        [COUNT + 4] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        [COUNT + 5] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    for (size_t i = 0; i < COUNT; i++) {
        filter[4 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i],
                                                     (uint8_t)(COUNT - i), 0);
    }
    const struct sock_fprog program = {.len = COUNT + 6, .filter = filter};
    return (sigaction(SIGSYS, &action, NULL) == 0 &&
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) ==
                0);
}
