/* SPDX-License-Identifier: MIT */
#include "tests/viewer/console/scripted.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/check.h"

enum { PATIENCE_MS = 20000, STEP_MS = 5, MAX_ARGUMENTS = 16 };

static char folder[32];
static char server[64];
static int listening = -1;
static int connection = -1;
static pid_t child = -1;
static char request[8192];
static char *text_out;
static char *text_err;

static void nap(void)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    (void)nanosleep(&step, NULL);
}

void scripted_open(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(folder, sizeof folder, "/tmp/etwas-console-XXXXXX");
    assert_non_null(mkdtemp(folder));
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(listening, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listening, 8), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(server, sizeof server, "http://127.0.0.1:%u/", ntohs(address.sin_port));
}

const char *scripted_folder(void)
{
    return folder;
}

const char *scripted_file(const char *name, const char *text)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
    return path;
}

void scripted_hang_up(void)
{
    if (connection >= 0) {
        (void)close(connection);
    }
    connection = -1;
}

void scripted_close(void)
{
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    child = -1;
    scripted_hang_up();
    (void)close(listening);
    free(text_out);
    free(text_err);
    text_out = NULL;
    text_err = NULL;
    char command[64] = {0};
    (void)snprintf(command, sizeof command, "%s", folder);
    const pid_t cleaner = fork();
    if (cleaner == 0) {
        (void)execlp("rm", "rm", "-rf", command, (char *)NULL);
        _exit(127);
    }
    (void)waitpid(cleaner, NULL, 0);
}

static int create(const char *name)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
}

static void start(const char *const *arguments, int out)
{
    const char *all[MAX_ARGUMENTS] = {ETWASC, "--server", server};
    size_t count = 3;
    while (arguments[count - 3] != NULL && count < MAX_ARGUMENTS - 1) {
        all[count] = arguments[count - 3];
        count++;
    }
    union {
        const char **constant;
        char **plain;
    } argv = {.constant = all};
    const int err = create("err");
    child = fork();
    if (child == 0) {
        (void)setenv("XDG_STATE_HOME", folder, 1);
        (void)signal(SIGPIPE, SIG_DFL);
        if (dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0) {
            (void)execv(ETWASC, argv.plain);
        }
        _exit(127);
    }
    (void)close(err);
    (void)close(out);
    assert_true(child > 0);
}

void scripted_start(const char *const *arguments)
{
    start(arguments, create("out"));
}

void scripted_start_unread(const char *const *arguments)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    start(arguments, ends[1]);
}

static void wait_readable(int descriptor)
{
    struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, PATIENCE_MS), 1);
}

const char *scripted_request(void)
{
    size_t size = 0;
    if (connection < 0) {
        wait_readable(listening);
        connection = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        assert_true(connection >= 0);
        (void)setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    }
    request[0] = 0;
    while (strstr(request, "\r\n\r\n") == NULL) {
        wait_readable(connection);
        const ssize_t got = read(connection, request + size, sizeof request - 1 - size);
        assert_true(got > 0);
        size += (size_t)got;
        request[size] = 0;
    }
    return request;
}

void scripted_send_bytes(const char *bytes, size_t size)
{
    while (size != 0) {
        const ssize_t sent = write(connection, bytes, size);
        assert_true(sent > 0);
        bytes += sent;
        size -= (size_t)sent;
    }
}

void scripted_send(const char *text)
{
    scripted_send_bytes(text, strlen(text));
}

void scripted_signal(int number)
{
    assert_int_equal(kill(child, number), 0);
}

int scripted_status(void)
{
    int status = 0;
    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        const pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended == child) {
            child = -1;
            assert_true(WIFEXITED(status));
            return WEXITSTATUS(status);
        }
        assert_int_equal(ended, 0);
        nap();
    }
    fail_msg("etwasc does not end");
    return -1;
}

static const char *read_file(const char *name, char **kept)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    assert_true(file >= 0);
    assert_int_equal(fstat(file, &status), 0);
    const size_t size = (size_t)status.st_size;
    char *text = realloc(*kept, size + 1);
    assert_non_null(text);
    *kept = text;
    const ssize_t got = read(file, text, size);
    assert_true(got >= 0);
    text[got] = 0;
    (void)close(file);
    return text;
}

const char *scripted_out(void)
{
    return read_file("out", &text_out);
}

const char *scripted_err(void)
{
    return read_file("err", &text_err);
}

static void wait_for(const char *(*printed)(void), const char *text)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        if (strstr(printed(), text) != NULL) {
            return;
        }
        nap();
    }
    fail_msg("it does not say \"%s\", but \"%s\"", text, printed());
}

void scripted_wait_out(const char *text)
{
    wait_for(scripted_out, text);
}

void scripted_wait_err(const char *text)
{
    wait_for(scripted_err, text);
}
