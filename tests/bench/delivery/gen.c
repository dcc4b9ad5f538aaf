/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * delivery_gen lines N             numbered lines to standard output, of which etwas makes events
 *                                  of 300 bytes of JSON
 * delivery_gen syslog N RATE PORT  these events as messages of RFC 5424, counted by octets (RFC
 *                                  6587), to 127.0.0.1:PORT, RATE a second; 0: as fast as it goes
 */
enum { EVENT_SIZE = 300, BLOCK = 100, MAX_MESSAGE = 400 };

static const char HEAD[] = "<134>1 2026-11-25T10:00:00Z host01 etwas 4242 - - ";
static const char BEFORE[] =
    "{\"TimeCreated\":\"2026-11-25T10:00:00.0000000Z\",\"Provider\":\"stdout\",\"EventId\":0,"
    "\"EventName\":\"Line\",\"ProcessId\":0,\"ThreadId\":0,\"Cpu\":0,\"EventData\":{\"Line\":\"";
static const char BEHIND[] = "\"}}";

enum { TIME_AT = 36, LINE_SIZE = EVENT_SIZE - (sizeof BEFORE - 1) - (sizeof BEHIND - 1) };

/* Fills with words, and digits that nobody can guess, so that it is packed about as well as
   events are: to a quarter. */
static void put_words(char *at, size_t size, uint64_t mixed)
{
    static const char *const words[] = {"open",     "read",     "timeout=", "user",
                                        "--config", "/etc/app", "worker",   "0x",
                                        "retry",    "status=",  "id",       "session"};
    size_t used = 0;
    while (used < size) {
        char text[32];
        mixed = mixed * UINT64_C(6364136223846793005) + 1;
        const int word = snprintf(text, sizeof text, "%s%04x ", words[(mixed >> 40) % 12],
                                  (unsigned)(mixed >> 16 & 0xffff));
        const size_t part = (size_t)word < size - used ? (size_t)word : size - used;
        memcpy(at + used, text, part);
        used += part;
    }
}

/* Exactly LINE_SIZE bytes, without an end of line, and nothing that JSON would escape. */
static void put_line(char *at, uint64_t number)
{
    static const char *const images[] = {"/usr/sbin/sshd", "/usr/bin/python3.11",
                                         "/usr/lib/systemd/systemd-journald",
                                         "/opt/app/bin/worker"};
    char text[MAX_MESSAGE];
    const uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);
    const int size = snprintf(text, sizeof text, "seq=%010" PRIu64 " pid=%u cpu=%u %s 0x%08x ",
                              number, (unsigned)(1000 + mixed % 991), (unsigned)(mixed % 8),
                              images[mixed >> 62], (unsigned)(mixed >> 32));
    memcpy(at, text, (size_t)size);
    put_words(at + size, (size_t)(LINE_SIZE - size), mixed);
}

static bool write_all(int to, const char *data, size_t size)
{
    while (size != 0) {
        const ssize_t written = write(to, data, size);
        if (written <= 0) {
            return false;
        }
        data += written;
        size -= (size_t)written;
    }
    return true;
}

/* The event that etwas makes of such a line, some time of that second. */
static void put_event(char *at, uint64_t number)
{
    char digits[8];
    (void)snprintf(digits, sizeof digits, "%07u", (unsigned)(number * 533 % 10000000));
    memcpy(at, BEFORE, sizeof BEFORE - 1);
    memcpy(at + TIME_AT, digits, 7);
    put_line(at + sizeof BEFORE - 1, number);
    memcpy(at + EVENT_SIZE - (sizeof BEHIND - 1), BEHIND, sizeof BEHIND - 1);
}

static size_t put_syslog(char *at, uint64_t number)
{
    const int size = snprintf(at, MAX_MESSAGE, "%zu %s", sizeof HEAD - 1 + EVENT_SIZE, HEAD);
    put_event(at + size, number);
    return (size_t)size + EVENT_SIZE;
}

static size_t put_plain(char *at, uint64_t number)
{
    put_line(at, number);
    at[LINE_SIZE] = '\n';
    return LINE_SIZE + 1;
}

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void wait_until(double moment)
{
    const double left = moment - now();
    if (left > 0) {
        const struct timespec time = {.tv_sec = (time_t)left,
                                      .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
        (void)nanosleep(&time, NULL);
    }
}

static bool send_all(int to, uint64_t count, uint64_t rate, size_t (*put)(char *, uint64_t))
{
    static char block[BLOCK * MAX_MESSAGE];
    const double start = now();
    for (uint64_t done = 0; done < count;) {
        size_t size = 0;
        for (int i = 0; i < BLOCK && done < count; i++) {
            done++;
            size += put(block + size, done);
        }
        if (!write_all(to, block, size)) {
            return false;
        }
        if (rate != 0) {
            wait_until(start + (double)done / (double)rate);
        }
    }
    return true;
}

static int call(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server >= 0 && connect(server, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(server);
        return -1;
    }
    return server;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "lines") == 0) {
        return send_all(STDOUT_FILENO, strtoull(argv[2], NULL, 10), 0, put_plain) ? 0 : 2;
    }
    if (argc != 5 || strcmp(argv[1], "syslog") != 0) {
        (void)fputs("usage: delivery_gen lines N | syslog N RATE PORT\n", stderr);
        return 1;
    }
    const int server = call((uint16_t)strtoul(argv[4], NULL, 10));
    if (server < 0) {
        perror("delivery_gen");
        return 2;
    }
    if (!send_all(server, strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), put_syslog)) {
        perror("delivery_gen");
        return 2;
    }
    /* Until the other side has taken all: it closes when it is told that this was all. */
    char byte;
    (void)shutdown(server, SHUT_WR);
    (void)!read(server, &byte, 1);
    (void)close(server);
    return 0;
}
