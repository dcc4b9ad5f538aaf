/* SPDX-License-Identifier: MIT */
#include "tests/monitor/spool/spool_fixture.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"

static const char *const one_sink[] = {"http://localhost:8080/"};
char fixture_base[64];
struct spool_options fixture_options;

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *level)
{
    (void)about;
    (void)kind;
    (void)level;
    return remove(path);
}

static void remove_all(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void fixture_empty(void)
{
    remove_all(fixture_base);
    (void)mkdir(fixture_base, 0700);
}

int fixture_set_up(void **state)
{
    (void)state;
    /* In memory where that can be had: loops of many spools would wait for a disk. */
    char in_memory[] = "/dev/shm/etwas-spool-XXXXXX";
    char on_disk[] = "/tmp/etwas-spool-XXXXXX";
    const char *folder = mkdtemp(in_memory);
    folder = folder != NULL ? folder : mkdtemp(on_disk);
    if (folder == NULL) {
        return -1;
    }
    (void)snprintf(fixture_base, sizeof fixture_base, "%s/base", folder);
    fixture_options = (struct spool_options){.base = fixture_base,
                                             .session = "Test",
                                             .sink_count = 1,
                                             .sinks = one_sink,
                                             .sync = SPOOL_SYNC_NEVER};
    return 0;
}

int fixture_tear_down(void **state)
{
    (void)state;
    *strrchr(fixture_base, '/') = '\0';
    remove_all(fixture_base);
    return 0;
}

struct spool *fixture_open(void)
{
    struct spool *spool = NULL;
    struct etwas_error error = {.status = ETWAS_OK};
    assert_int_equal(spool_open(&fixture_options, &spool, &error), ETWAS_OK);
    assert_non_null(spool);
    return spool;
}

static void fill(uint8_t *body, size_t size, uint64_t number)
{
    uint64_t value = number * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (size_t i = 0; i < size; i++) {
        value = value * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        body[i] = (uint8_t)(value >> 56);
    }
    memcpy(body, &number, size < sizeof number ? size : sizeof number);
}

enum etwas_status fixture_try_append(struct spool *spool, uint64_t number, size_t size)
{
    const struct batch_head head = {
        .count = FIXTURE_TRACED + 1,
        .own = 1,
        .books = {.produced = 11 * number, .filtered = number, .lost_kernel = number}
    };
    static struct source_position position = {.session = 7, .lane_count = 2};
    uint8_t *body = malloc(size);
    assert_non_null(body);
    fill(body, size, number);
    position.lanes[0] = (struct source_lane){.read = 10 * number, .lost = number};
    position.lanes[1] = (struct source_lane){.read = 1, .lost = 2};
    const enum etwas_status status = spool_append(spool, &head, &position, body, size);
    free(body);
    return status;
}

void fixture_append(struct spool *spool, uint64_t number, size_t size)
{
    assert_int_equal(fixture_try_append(spool, number, size), ETWAS_OK);
}

void fixture_append_all(struct spool *spool, uint64_t first, uint64_t last, size_t size)
{
    for (uint64_t number = first; number <= last; number++) {
        fixture_append(spool, number, size);
    }
}

uint64_t fixture_number(const struct spool_batch *batch)
{
    uint64_t number = 0;
    uint8_t *body = malloc(batch->size);
    assert_non_null(body);
    assert_true(batch->size >= sizeof number);
    memcpy(&number, batch->body, sizeof number);
    fill(body, batch->size, number);
    assert_memory_equal(body, batch->body, batch->size);
    free(body);
    assert_int_equal(batch->head.count, FIXTURE_TRACED + 1);
    assert_int_equal(batch->head.own, 1);
    assert_int_equal(batch->head.after, 0);
    assert_int_equal(batch->head.books.produced, 11 * number);
    return number;
}

uint64_t fixture_read_all(struct spool *spool, uint64_t sequence, uint64_t first)
{
    struct spool_batch *batch = NULL;
    uint64_t count = 0;
    while (spool_read(spool, sequence, &batch) == ETWAS_OK) {
        assert_true(batch->head.sequence > sequence);
        assert_int_equal(fixture_number(batch), first + count);
        assert_memory_equal(batch->head.stream, spool_stream(spool), BATCH_STREAM_SIZE);
        sequence = batch->head.sequence;
        count++;
        spool_batch_free(batch);
    }
    return count;
}

const char *fixture_folder(const struct spool *spool)
{
    static char path[160];
    const uint8_t *stream = spool_stream(spool);
    size_t used = (size_t)snprintf(path, sizeof path, "%s/", fixture_base);
    for (size_t i = 0; i < BATCH_STREAM_SIZE; i++) {
        used += (size_t)snprintf(path + used, sizeof path - used, "%02x", stream[i]);
    }
    return path;
}

const char *fixture_file(const char *folder, const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void fixture_in_child(void (*act)(void))
{
    int status = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        act();
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
