/* SPDX-License-Identifier: MIT */
#include "tests/monitor/tracefs/provoke.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * What is called here is called for the events it causes; whether a call
 * succeeds is of no interest. So results are dropped.
 */
static void drop(long result)
{
    (void)result;
}

static void files(const char *folder)
{
    char path[512];
    char other[520];
    static char block[65536];
    (void)snprintf(path, sizeof path, "%s/file", folder);
    (void)snprintf(other, sizeof other, "%s.2", path);
    const int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    for (int i = 0; i < 8; i++) {
        drop(write(fd, block, sizeof block));
    }
    drop(fsync(fd));
    drop(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    drop(pread(fd, block, sizeof block, 4096));
    drop(ftruncate(fd, 100));
    drop(fallocate(fd, 0, 0, 1 << 20));
    drop(flock(fd, LOCK_EX));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
    drop(fcntl(fd, F_SETLK, &lock));
    char *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) {
        map[0] = 1;
        map[8192] = 1;
        drop(msync(map, 1 << 20, MS_SYNC));
        drop(munmap(map, 1 << 20));
    }
    drop(close(fd));
    struct stat status;
    drop(stat(path, &status));
    drop(chmod(path, 0644));
    drop(link(path, other));
    drop(unlink(other));
    drop(symlink(path, other));
    drop(unlink(other));
    drop(rename(path, other));
    drop(unlink(other));
    drop(mkdir(other, 0700));
    drop(rmdir(other));
    drop(open("/nonexistent/file", O_RDONLY | O_CLOEXEC));
}

static void *thread(void *argument)
{
    struct timespec pause = {.tv_nsec = 1000000};
    drop(nanosleep(&pause, NULL));
    drop(sched_yield());
    return argument;
}

static void ignore(int number)
{
    (void)number;
}

static void processes(void)
{
    for (int i = 0; i < 4; i++) {
        const pid_t child = fork();
        if (child == 0) {
            drop(execl("/bin/true", "true", (char *)NULL));
            _exit(1);
        }
        drop(waitpid(child, NULL, 0));
    }
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        drop(pthread_create(&threads[i], NULL, thread, NULL));
    }
    for (size_t i = 0; i < 4; i++) {
        drop(pthread_join(threads[i], NULL));
    }
    (void)signal(SIGUSR1, ignore);
    (void)signal(SIGALRM, ignore);
    drop(raise(SIGUSR1));
    drop(getpriority(PRIO_PROCESS, 0));
    drop(nice(1));
    cpu_set_t cpus;
    drop(sched_getaffinity(0, sizeof cpus, &cpus));
    drop(sched_setaffinity(0, sizeof cpus, &cpus));
}

static void timers(void)
{
    const struct itimerval alarm_time = {.it_value = {.tv_usec = 2000}};
    const struct itimerspec timer_time = {.it_value = {.tv_nsec = 1000000}};
    drop(setitimer(ITIMER_REAL, &alarm_time, NULL));
    drop(pause());
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    uint64_t count = 0;
    drop(timerfd_settime(timer, 0, &timer_time, NULL));
    drop(read(timer, &count, sizeof count));
    drop(close(timer));
    int word = 0;
    const struct timespec wait = {.tv_nsec = 1000000};
    drop(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &wait, NULL, 0));
    drop(syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0));
}

static void memory(void)
{
    char *map = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; map != MAP_FAILED && i < 4 << 20; i += 4096) {
        map[i] = 1;
    }
    drop(mprotect(map, 8192, PROT_READ));
    drop(madvise(map, 1 << 20, MADV_DONTNEED));
    drop(mremap(map, 4 << 20, 2 << 20, 0) == MAP_FAILED);
    drop(mlock(map + (1 << 20), 8192));
    drop(munmap(map, 2 << 20));
    drop(sbrk(1 << 16) == NULL);
}

static void pipes(void)
{
    int ends[2];
    char byte = 0;
    const int events = epoll_create1(EPOLL_CLOEXEC);
    const int counter = eventfd(1, EFD_CLOEXEC);
    drop(pipe2(ends, O_CLOEXEC));
    struct epoll_event event = {.events = EPOLLIN};
    drop(epoll_ctl(events, EPOLL_CTL_ADD, ends[0], &event));
    drop(write(ends[1], "x", 1));
    drop(epoll_wait(events, &event, 1, 10));
    drop(read(ends[0], &byte, 1));
    struct pollfd ready = {.fd = counter, .events = POLLIN};
    drop(poll(&ready, 1, 10));
    const int watch = inotify_init1(IN_CLOEXEC);
    drop(inotify_add_watch(watch, "/tmp", IN_CREATE));
    drop(close(watch));
    drop(close(counter));
    drop(close(events));
    drop(close(ends[0]));
    drop(close(ends[1]));
}

static void sockets(int type)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    char data[4096] = "data";
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int server = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    const int client = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    drop(bind(server, (const struct sockaddr *)&address, sizeof address));
    drop(getsockname(server, (struct sockaddr *)&address, &size));
    if (type == SOCK_STREAM) {
        drop(listen(server, 1));
    }
    drop(connect(client, (const struct sockaddr *)&address, sizeof address));
    const int peer = type == SOCK_STREAM ? accept4(server, NULL, NULL, SOCK_CLOEXEC) : dup(server);
    for (int i = 0; i < 8; i++) {
        drop(send(client, data, sizeof data, 0));
        drop(recv(peer, data, sizeof data, 0));
    }
    drop(shutdown(client, SHUT_RDWR));
    drop(close(client));
    drop(close(peer));
    drop(close(server));
    /* Nobody listens there any more. */
    const int refused = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    drop(connect(refused, (const struct sockaddr *)&address, sizeof address));
    drop(send(refused, data, 1, MSG_NOSIGNAL));
    drop(close(refused));
}

static void local_sockets(void)
{
    int ends[2];
    char data[16] = "x";
    drop(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
    drop(send(ends[0], data, 1, 0));
    drop(recv(ends[1], data, sizeof data, 0));
    drop(close(ends[0]));
    drop(close(ends[1]));
}

void provoke_events(const char *folder)
{
    files(folder);
    processes();
    timers();
    memory();
    pipes();
    sockets(SOCK_STREAM);
    sockets(SOCK_DGRAM);
    local_sockets();
}
