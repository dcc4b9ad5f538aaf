/* SPDX-License-Identifier: MIT */

/*
 * The controller's privileges after start, as the kernel shows them, and as they feel
 * from inside: each of its threads is made to call what it must not.
 */
#include "tests/system/client.h"
#include "tests/system/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 2 };
#define VICTIM "/tmp/etwas-victim" /* lies where the controller has no business */

static pid_t threads[THREADS];

static void find_threads(void)
{
    char path[64];
    size_t count = 0;
    const struct dirent *entry = NULL;
    (void)snprintf(path, sizeof path, "/proc/%d/task", harness_pid());
    DIR *directory = opendir(path);
    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.') {
            assert_true(count < THREADS);
            threads[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    }
    (void)closedir(directory);
    assert_int_equal(count, THREADS);
}

static void assert_line(const char *text, const char *name, const char *value)
{
    const char *found = strstr(text, name);
    assert_non_null(found);
    found += strlen(name);
    found += strspn(found, " \t");
    if (strncmp(found, value, strlen(value)) != 0 || found[strlen(value)] != '\n') {
        fail_msg("%s %.20s, expected %s", name, found, value);
    }
}

static void no_thread_has_a_privilege_left(void **state)
{
    (void)state;
    harness_start("allow * *\n");
    find_threads();
    for (size_t i = 0; i < THREADS; i++) {
        char path[64];
        char text[8192];
        (void)snprintf(path, sizeof path, "/proc/%d/status", threads[i]);
        assert_true(harness_read(path, text, sizeof text));
        assert_line(text, "CapInh:", "0000000000000000");
        assert_line(text, "CapPrm:", "0000000000000000");
        assert_line(text, "CapEff:", "0000000000000000");
        assert_line(text, "CapBnd:", "0000000000000000");
        assert_line(text, "CapAmb:", "0000000000000000");
        assert_line(text, "NoNewPrivs:", "1");
        assert_line(text, "Seccomp:", "2");
    }
}

/* A thread of the controller's, stopped in a system call; its code there is changed. */
struct puppet {
    pid_t thread;
    struct user_regs_struct registers;
    long code;
};

static int await_stop(pid_t thread)
{
    int status = 0;
    assert_int_equal(waitpid(thread, &status, __WALL), thread);
    if (!WIFSTOPPED(status)) {
        fail_msg("the thread ended: %x", (unsigned)status);
    }
    return WSTOPSIG(status);
}

/* ptrace() takes words as pointers. */
static void *word(uint64_t value)
{
    return (void *)(uintptr_t)value; /* NOLINT(performance-no-int-to-ptr) */
}

static void seize(struct puppet *puppet, pid_t thread)
{
    puppet->thread = thread;
    assert_int_equal(ptrace(PTRACE_SEIZE, thread, NULL, NULL), 0);
    assert_int_equal(ptrace(PTRACE_INTERRUPT, thread, NULL, NULL), 0);
    (void)await_stop(thread);
    assert_int_equal(ptrace(PTRACE_GETREGS, thread, NULL, &puppet->registers), 0);
}

/* Where it waits there is a "syscall" just before: behind it goes a breakpoint. */
static void prepare(struct puppet *puppet)
{
    const uint64_t at = puppet->registers.rip - 2;
    puppet->code = ptrace(PTRACE_PEEKTEXT, puppet->thread, word(at), NULL);
    assert_int_equal(puppet->code & 0xffff, 0x050f);
    const uint64_t changed = ((uint64_t)puppet->code & ~UINT64_C(0xff0000)) | 0xcc0000;
    assert_int_equal(ptrace(PTRACE_POKETEXT, puppet->thread, word(at), word(changed)), 0);
}

static void restore(const struct puppet *puppet)
{
    const uint64_t at = puppet->registers.rip - 2;
    assert_int_equal(
        ptrace(PTRACE_POKETEXT, puppet->thread, word(at), word((uint64_t)puppet->code)), 0);
}

static void release(const struct puppet *puppet)
{
    assert_int_equal(ptrace(PTRACE_SETREGS, puppet->thread, NULL, &puppet->registers), 0);
    assert_int_equal(ptrace(PTRACE_DETACH, puppet->thread, NULL, NULL), 0);
}

/* A system call to be tried from inside; `text` replaces the argument that is TEXT. */
#define TEXT UINT64_C(0xfeedfeedfeed)
struct attempt {
    const char *name;
    long number;
    const char *text;
    uint64_t arguments[4];
};

static bool in_hand; /* the threads are stopped */

/* A test that failed half-way leaves threads that only their tracer can bury. */
static int end(void **state)
{
    if (in_hand) {
        (void)kill(harness_pid(), SIGKILL);
        for (size_t i = 0; i < THREADS; i++) {
            (void)waitpid(threads[i], NULL, __WALL);
        }
    }
    in_hand = false;
    (void)unlink(VICTIM);
    return harness_end(state);
}

/* Its result. */
static int64_t call(const struct puppet *puppet, const struct attempt *attempt)
{
    struct user_regs_struct registers = puppet->registers;
    const uint64_t room = (registers.rsp - 8192) & ~UINT64_C(63);
    uint64_t arguments[4];
    union {
        const char *given;
        void *base;
    } bytes = {.given = attempt->text};
    const struct iovec local = {bytes.base, strlen(attempt->text) + 1};
    const struct iovec remote = {word(room), local.iov_len};
    assert_int_equal(process_vm_writev(puppet->thread, &local, 1, &remote, 1, 0), local.iov_len);
    for (size_t i = 0; i < 4; i++) {
        arguments[i] = attempt->arguments[i] == TEXT ? room : attempt->arguments[i];
    }
    registers.rip -= 2;
    registers.orig_rax = UINT64_MAX;
    registers.rax = (uint64_t)attempt->number;
    registers.rdi = arguments[0];
    registers.rsi = arguments[1];
    registers.rdx = arguments[2];
    registers.r10 = arguments[3];
    registers.r8 = 0;
    registers.r9 = 0;
    assert_int_equal(ptrace(PTRACE_SETREGS, puppet->thread, NULL, &registers), 0);
    int number = 0;
    do { /* what is refused comes as a signal, which it has a handler for */
        assert_int_equal(ptrace(PTRACE_CONT, puppet->thread, NULL, word((uint64_t)number)), 0);
        number = await_stop(puppet->thread);
    } while (number == SIGSYS);
    assert_int_equal(number, SIGTRAP);
    assert_int_equal(ptrace(PTRACE_GETREGS, puppet->thread, NULL, &registers), 0);
    return (int64_t)registers.rax;
}

#define HERE ((uint64_t)(int64_t)AT_FDCWD)
#define MAKE (O_CREAT | O_RDWR)

static const struct attempt attempts[] = {
    {"open of /etc/passwd",   SYS_open,            "/etc/passwd",     {TEXT}                  },
    {"openat of /etc/passwd", SYS_openat,          "/etc/passwd",     {HERE, TEXT}            },
    {"openat of /etc/shadow", SYS_openat,          "/etc/shadow",     {HERE, TEXT}            },
    {"openat to write",       SYS_openat,          "/etc/passwd",     {HERE, TEXT, O_RDWR}    },
    {"openat to make",        SYS_openat,          "/tmp/etwas-made", {HERE, TEXT, MAKE, 0600}},
    {"openat of /proc",       SYS_openat,          "/proc/1/environ", {HERE, TEXT}            },
    {"mkdirat",               SYS_mkdirat,         "/tmp/etwas-made", {HERE, TEXT, 0700}      },
    {"unlinkat",              SYS_unlinkat,        VICTIM,            {HERE, TEXT}            },
    {"socket",                SYS_socket,          "",                {2, 1}                  },
    {"execve",                SYS_execve,          "/bin/true",       {TEXT}                  },
    {"execveat",              SYS_execveat,        "/bin/true",       {HERE, TEXT}            },
    {"mount",                 SYS_mount,           "/",               {TEXT, TEXT, TEXT}      },
    {"umount2",               SYS_umount2,         "/",               {TEXT, 2}               },
    {"bpf",                   SYS_bpf,             "",                {0, TEXT, 8}            },
    {"perf_event_open",       SYS_perf_event_open, "",                {TEXT}                  },
    {"kill",                  SYS_kill,            "",                {1, 0}                  },
    {"ptrace",                SYS_ptrace,          "",                {PTRACE_SEIZE, 1}       },
    {"fork",                  SYS_fork,            "",                {0}                     },
    {"clone",                 SYS_clone,           "",                {SIGCHLD}               },
    {"setuid",                SYS_setuid,          "",                {0}                     },
    {"mprotect",              SYS_mprotect,        "",                {0, 4096, 7}            },
    {"init_module",           SYS_init_module,     "",                {TEXT, 1, TEXT}         },
    {"chroot",                SYS_chroot,          "/",               {TEXT}                  },
    {"rename",                SYS_rename,          "/tmp/x",          {TEXT, TEXT}            },
    {"symlink",               SYS_symlink,         "/tmp/x",          {TEXT, TEXT}            },
    {"chmod",                 SYS_chmod,           "/tmp/x",          {TEXT, 0777}            },
    {"setsid",                SYS_setsid,          "",                {0}                     },
    {"reboot",                SYS_reboot,          "",                {0}                     },
    {"an unknown call",       999,                 "",                {0}                     },
};

static void assert_refused(int64_t result, const char *name)
{
    if (result != -EPERM && result != -EACCES) {
        fail_msg("%s: %" PRId64, name, result);
    }
}

static void try_all(const struct puppet *puppet)
{
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        assert_refused(call(puppet, &attempts[i]), attempts[i].name);
    }
}

static void what_is_not_its_business_is_refused_from_inside(void **state)
{
    (void)state;
    struct puppet puppets[THREADS];
    struct client client;
    struct stat status;
    harness_start("allow uid:61001 *\n");
    find_threads();
    const int before = harness_logged("refused", NULL);
    (void)close(open(VICTIM, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    in_hand = true;
    /* All stop before one's code changes, for the code is everybody's. */
    for (size_t i = 0; i < THREADS; i++) {
        seize(&puppets[i], threads[i]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        prepare(&puppets[i]);
        try_all(&puppets[i]);
        restore(&puppets[i]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        release(&puppets[i]);
    }
    in_hand = false;
    assert_int_equal(unlink(VICTIM), 0);
    assert_true(harness_logged("refused", NULL) >= before + THREADS * 15);
    char call_of_socket[32];
    (void)snprintf(call_of_socket, sizeof call_of_socket, "system call %d ", (int)SYS_socket);
    assert_int_equal(harness_logged(call_of_socket, "refused", NULL), THREADS);
    assert_int_not_equal(stat("/tmp/etwas-made", &status), 0);
    /* And it serves. */
    client_trace(&client, HARNESS_ALICE, "after", "sched:sched_switch");
    client_await_round(&client);
    client_check_counters(&client);
    (void)client_stop(&client, "", MESSAGE_UID_SELF);
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_thread_has_a_privilege_left, harness_begin, harness_end),
        cmocka_unit_test_setup_teardown(what_is_not_its_business_is_refused_from_inside,
                                        harness_begin, end),
    };
    return harness_is_able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
