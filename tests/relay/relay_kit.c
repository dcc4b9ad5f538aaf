/* SPDX-License-Identifier: MIT */
#include "tests/relay/relay_kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "policy/signature.h"
#include "tests/check.h"

enum { TIMEOUT_S = 30, MAX_ARGUMENTS = 32 };

void relay_make(struct relay *relay)
{
    *relay = (struct relay){.pid = 0};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(relay->folder, sizeof relay->folder, "/tmp/etwas-relay-XXXXXX");
    assert_non_null(mkdtemp(relay->folder));
    assert_int_equal(key_library_open(), ETWAS_OK);
}

void relay_path(const struct relay *relay, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", relay->folder, name);
}

/* Reads until `text` has this in it, or the output ends. */
static bool read_until(int file, char *text, size_t room, const char *wanted)
{
    size_t size = 0;
    text[0] = '\0';
    while (size + 1 < room && strstr(text, wanted) == NULL) {
        const ssize_t got = read(file, text + size, room - 1 - size);
        if (got <= 0) {
            return false;
        }
        size += (size_t)got;
        text[size] = '\0';
    }
    return strstr(text, wanted) != NULL;
}

static pid_t spawn(const char *const *arguments, const int *outputs, int output_count)
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid != 0) {
        return pid;
    }
    for (int i = 0; i < output_count; i++) {
        (void)dup2(outputs[i], i + 1);
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
    (void)unsetenv("JOURNAL_STREAM");
    (void)unsetenv("PORT");
    char *argv[MAX_ARGUMENTS + 1] = {NULL};
    for (size_t i = 0; i < MAX_ARGUMENTS && arguments[i] != NULL; i++) {
        memcpy(&argv[i], &arguments[i], sizeof argv[i]); /* execv() does not write to them */
    }
    (void)execv(ETWASS, argv);
    _exit(127);
}

void relay_start(struct relay *relay, const char *const *more)
{
    int ends[2];
    const char *arguments[MAX_ARGUMENTS] = {"etwass", "--port", "0", "--data", relay->folder};
    for (size_t i = 0; more != NULL && more[i] != NULL; i++) {
        assert_true(i + 6 < MAX_ARGUMENTS);
        arguments[i + 5] = more[i];
    }
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    relay->pid = spawn(arguments, &ends[1], 1);
    (void)close(ends[1]);
    const bool started = read_until(ends[0], relay->said, sizeof relay->said, "/?token=") &&
                         (strchr(strstr(relay->said, "/?token="), '\n') != NULL ||
                          read_until(ends[0], relay->said + strlen(relay->said),
                                     sizeof relay->said - strlen(relay->said), "\n"));
    (void)close(ends[0]);
    assert_true(started);
    const char *token = strstr(relay->said, "/?token=");
    (void)snprintf(relay->token, sizeof relay->token, "%.*s", (int)strcspn(token + 8, "\n"),
                   token + 8);
    while (token > relay->said && token[-1] != ':') {
        token--;
    }
    relay->port = (uint16_t)strtoul(token, NULL, 10);
    assert_int_not_equal(relay->port, 0);
}

int relay_end(struct relay *relay, int signal)
{
    int status = 0;
    assert_int_not_equal(relay->pid, 0);
    (void)kill(relay->pid, signal);
    assert_int_equal(waitpid(relay->pid, &status, 0), relay->pid);
    relay->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about;
    (void)kind;
    (void)walk;
    return remove(path);
}

void relay_remove(struct relay *relay)
{
    if (relay->pid != 0) {
        (void)kill(relay->pid, SIGKILL);
        (void)waitpid(relay->pid, NULL, 0);
        relay->pid = 0;
    }
    (void)nftw(relay->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int relay_run(const char *const *arguments, char *said, size_t room)
{
    int ends[2];
    int status = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const int outputs[] = {ends[1], ends[1]};
    const pid_t pid = spawn(arguments, outputs, 2);
    (void)close(ends[1]);
    (void)read_until(ends[0], said, room, "\001");
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void reply_clear(struct reply *reply)
{
    free(reply->body);
    *reply = (struct reply){.status = 0};
}

/* The value of a header, up to the end of its line; NULL: it is not there. */
static const char *find_header(const char *head, const char *name)
{
    const size_t size = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, size) == 0 && line[size] == ':') {
            return line + size + 1;
        }
    }
    return NULL;
}

bool reply_has(const struct reply *reply, const char *name, const char *text)
{
    const char *value = find_header(reply->head, name);
    if (value == NULL) {
        return false;
    }
    const char *found = strstr(value, text);
    return found != NULL && found < value + strcspn(value, "\r");
}

bool reply_is_problem(const struct reply *reply, int status, const char *type)
{
    char wanted[128];
    (void)snprintf(wanted, sizeof wanted, "\"type\":\"urn:etwas:problem:%s\"", type);
    const bool is = reply->status == status &&
                    reply_has(reply, "Content-Type", "application/problem+json") &&
                    reply->body != NULL && strstr(reply->body, wanted) != NULL;
    if (!is) {
        print_message("wanted %d %s, got %d: %s\n", status, type, reply->status,
                      reply->body == NULL ? "" : reply->body);
    }
    return is;
}

int relay_connect(const struct relay *relay)
{
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(relay->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(made >= 0);
    (void)setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    assert_int_equal(connect(made, (const struct sockaddr *)&address, sizeof address), 0);
    return made;
}

void send_text(int connection, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t sent = send(connection, text, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* the relay has closed: the answer tells */
        }
        text += sent;
        size -= (size_t)sent;
    }
}

/* One line of an answer, its end left out. False: the connection has ended. */
static bool read_line(int connection, char *line, size_t room)
{
    size_t size = 0;
    while (size + 1 < room) {
        if (recv(connection, line + size, 1, 0) != 1) {
            return false;
        }
        if (line[size] == '\n') {
            line[size] = '\0';
            if (size > 0 && line[size - 1] == '\r') {
                line[size - 1] = '\0';
            }
            return true;
        }
        size++;
    }
    return false;
}

static bool read_bytes(int connection, struct reply *reply, size_t size)
{
    char *grown = realloc(reply->body, reply->size + size + 1);
    assert_non_null(grown);
    reply->body = grown;
    while (size > 0) {
        const ssize_t got = recv(connection, reply->body + reply->size, size, 0);
        if (got <= 0) {
            return false;
        }
        reply->size += (size_t)got;
        size -= (size_t)got;
    }
    reply->body[reply->size] = '\0';
    return true;
}

static void read_chunks(int connection, struct reply *reply)
{
    char line[64];
    while (read_line(connection, line, sizeof line)) {
        const size_t size = strtoul(line, NULL, 16);
        if (size == 0 || !read_bytes(connection, reply, size)) {
            (void)read_line(connection, line, sizeof line);
            return;
        }
        (void)read_line(connection, line, sizeof line);
    }
}

/* The head of an answer; its status, 0: none came. */
static int read_head(int connection, char *head, size_t room)
{
    char line[2048];
    size_t size = 0;
    head[0] = '\0';
    while (read_line(connection, line, sizeof line) && line[0] != '\0') {
        size += (size_t)snprintf(head + size, room - size, "%s\r\n", line);
        assert_true(size < room);
    }
    return strncmp(head, "HTTP/1.1 ", 9) == 0 ? (int)strtol(head + 9, NULL, 10) : 0;
}

void read_reply(int connection, struct reply *reply)
{
    reply_clear(reply);
    do {
        reply->status = read_head(connection, reply->head, sizeof reply->head);
    } while (reply->status == 100);
    if (reply->status == 0) {
        return;
    }
    const char *length = find_header(reply->head, "Content-Length");
    (void)read_bytes(connection, reply, 0);
    if (length != NULL) {
        (void)read_bytes(connection, reply, strtoul(length, NULL, 10));
    } else if (reply_has(reply, "Transfer-Encoding", "chunked")) {
        read_chunks(connection, reply);
    }
}

void ask(const struct relay *relay, const char *text, struct reply *reply)
{
    const int connection = relay_connect(relay);
    send_text(connection, text, strlen(text));
    read_reply(connection, reply);
    (void)close(connection);
}

void get(const struct relay *relay, const char *path, struct reply *reply)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n\r\n",
                   path, relay->port, relay->token);
    ask(relay, text, reply);
}

void sender_make(struct sender *sender, unsigned seed, const char *computer)
{
    uint8_t bytes[KEY_SEED_SIZE] = {(uint8_t)seed, (uint8_t)(seed >> 8)};
    *sender = (struct sender){.number = 1};
    key_from_seed(&sender->pair, bytes);
    (void)snprintf(sender->computer, sizeof sender->computer, "%s", computer);
    memset(sender->head.stream, (int)seed, sizeof sender->head.stream);
    sender->head.stream[0] = (uint8_t)(seed >> 8);
}

static void trust_line(const struct sender *sender, bool revoked, char text[KEY_LINE_SIZE])
{
    struct key_trust trust = {.revoked = revoked};
    memcpy(trust.public_key, sender->pair.public_key, sizeof trust.public_key);
    (void)snprintf(trust.computer, sizeof trust.computer, "%s", sender->computer);
    key_trust_format(&trust, text);
}

void sender_trust(const struct sender *sender, const struct relay *relay, bool revoked)
{
    char path[128];
    char line[KEY_LINE_SIZE];
    relay_path(relay, "keys", path);
    trust_line(sender, revoked, line);
    FILE *file = fopen(path, "ae");
    assert_non_null(file);
    assert_true(fprintf(file, "%s\n", line) > 0);
    assert_int_equal(fclose(file), 0);
}

char *sender_lines(struct sender *sender, size_t count, size_t bytes)
{
    const size_t room = bytes + 256;
    char *text = malloc(count * room + 1);
    size_t size = 0;
    assert_non_null(text);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size += (size_t)snprintf(text + size, room,
                                 "{\"TimeCreated\":\"2026-11-25T10:00:00.%07uZ\",\"Provider\":"
                                 "\"Test\",\"EventData\":{\"Number\":%llu,\"Text\":\"%0*d\"}}\n",
                                 (unsigned)(sender->number % 10000000),
                                 (unsigned long long)sender->number, (int)bytes, 0);
        sender->number++;
    }
    return text;
}

static int64_t now_s(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static void make_nonce(uint8_t nonce[16])
{
    const int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(file, nonce, 16), 16);
    (void)close(file);
}

void post_sign(struct post *post, const struct sender *sender, int64_t offset_s)
{
    uint8_t nonce[16];
    struct signature_headers headers;
    const struct signature_message message = {
        .method = post->method,
        .authority = post->authority,
        .path = post->path,
        .header_count = 4,
        .headers = {{"content-type", post->content_type},
                    {"content-encoding", post->content_encoding},
                    {"content-digest", post->digest},
                    {"etwas-batch", post->batch}},
    };
    make_nonce(nonce);
    assert_int_equal(signature_make(&message, &sender->pair, now_s() + offset_s, nonce, &headers),
                     ETWAS_OK);
    (void)snprintf(post->input, sizeof post->input, "%s", headers.input);
    (void)snprintf(post->signature, sizeof post->signature, "%s", headers.signature);
}

static void digest_body(struct post *post)
{
    uint8_t hash[SIGNATURE_DIGEST_SIZE];
    struct signature_digest digest;
    signature_digest_init(&digest);
    signature_digest_add(&digest, post->body, post->size);
    signature_digest_end(&digest, hash);
    signature_digest_format(hash, post->digest);
}

void post_make(struct post *post, struct sender *sender, const struct relay *relay,
               const char *text)
{
    struct batch_head *head = &sender->head;
    const size_t size = strlen(text);
    *post = (struct post){.method = "POST", .path = "/v1/batches"};
    head->sequence++;
    head->count = 0;
    for (const char *end = strchr(text, '\n'); end != NULL; end = strchr(end + 1, '\n')) {
        head->count++;
    }
    head->books.produced = head->books.before + head->count;
    post->body = malloc(ZSTD_compressBound(size));
    assert_non_null(post->body);
    post->size = size == 0 ? 0 : ZSTD_compress(post->body, ZSTD_compressBound(size), text, size, 1);
    assert_int_equal(ZSTD_isError(post->size), 0);
    (void)snprintf(post->host, sizeof post->host, "127.0.0.1:%u", relay->port);
    (void)snprintf(post->authority, sizeof post->authority, "127.0.0.1:%u", relay->port);
    (void)snprintf(post->content_type, sizeof post->content_type, "application/x-ndjson");
    (void)snprintf(post->content_encoding, sizeof post->content_encoding, "zstd");
    trust_line(sender, false, post->key);
    assert_int_equal(batch_head_format(head, post->batch, sizeof post->batch), ETWAS_OK);
    digest_body(post);
    post_sign(post, sender, 0);
    head->books.before += head->count - head->own;
    head->own = 0;
    head->after = 0;
}

void post_clear(struct post *post)
{
    free(post->body);
    post->body = NULL;
}

size_t post_head(const struct post *post, char *text, size_t room)
{
    const int size =
        snprintf(text, room,
                 "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Encoding: %s\r\n"
                 "Content-Digest: %s\r\nEtwas-Batch: %s\r\nSignature-Input: %s\r\nSignature: %s\r\n"
                 "%s%s%sContent-Length: %zu\r\n%s\r\n",
                 post->method, post->path, post->host, post->content_type, post->content_encoding,
                 post->digest, post->batch, post->input, post->signature,
                 post->key[0] == '\0' ? "" : "Etwas-Key: ", post->key,
                 post->key[0] == '\0' ? "" : "\r\n", post->size, post->more);
    assert_true(size > 0 && (size_t)size < room);
    return (size_t)size;
}

void post_send_on(const struct post *post, int connection, struct reply *reply)
{
    char head[8192];
    send_text(connection, head, post_head(post, head, sizeof head));
    send_text(connection, post->body, post->size);
    read_reply(connection, reply);
}

void post_send(const struct post *post, const struct relay *relay, struct reply *reply)
{
    const int connection = relay_connect(relay);
    post_send_on(post, connection, reply);
    (void)close(connection);
}

void sender_post(struct sender *sender, const struct relay *relay, size_t count)
{
    struct post post;
    struct reply reply = {.status = 0};
    char *text = sender_lines(sender, count, 40);
    post_make(&post, sender, relay, text);
    post_send(&post, relay, &reply);
    if (reply.status != 200) {
        print_message("%s\n", reply.head);
    }
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"Status\":\"stored\"}\n");
    reply_clear(&reply);
    post_clear(&post);
    free(text);
}
