/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/relay/relay_kit.h"

/* A relay whose disk is full: it says so, takes nothing that it cannot keep, and goes on. */
static struct relay relay;
static struct sender sender;
static struct reply reply;

static int set_up(void **state)
{
    (void)state;
    relay_make(&relay);
    sender_make(&sender, 7, "web1");
    return mount("etwas", relay.folder, "tmpfs", 0, "size=4m,mode=0700");
}

static int tear_down(void **state)
{
    (void)state;
    reply_clear(&reply);
    char path[sizeof relay.folder];
    memcpy(path, relay.folder, sizeof path);
    relay_remove(&relay);
    (void)umount(path);
    (void)rmdir(path);
    return 0;
}

/* 100 KB that do not pack; what it was answered. */
static int post_noise(struct post *post)
{
    static char noise[100001];
    static char line[sizeof noise + 64];
    FILE *random = fopen("/dev/urandom", "re");
    assert_non_null(random);
    assert_int_equal(fread(noise, 1, sizeof noise - 1, random), sizeof noise - 1);
    (void)fclose(random);
    for (size_t i = 0; i + 1 < sizeof noise; i++) {
        noise[i] = (char)('0' + ((unsigned char)noise[i] & 63) % 60);
        noise[i] = (char)(noise[i] == '\\' ? 'x' : noise[i]);
    }
    (void)snprintf(line, sizeof line, "{\"Text\":\"%s\"}\n", noise);
    post_make(post, &sender, &relay, line);
    post_send(post, &relay, &reply);
    return reply.status;
}

static void a_full_disk_is_said_and_survived(void **state)
{
    (void)state;
    struct post post;
    int status = 200;
    unsigned long stored = 0;
    relay_start(&relay, NULL);
    for (int i = 0; i < 200 && status == 200; i++) {
        status = post_noise(&post);
        stored += status == 200 ? 1 : 0;
        if (status == 200) {
            post_clear(&post);
        }
    }
    assert_true(reply_is_problem(&reply, 503, "busy"));
    assert_true(reply_has(&reply, "Retry-After", "1"));
    get(&relay, "/healthz", &reply);
    assert_int_equal(reply.status, 503);
    /* There is room again: the same batch is taken, and nothing that was is lost. */
    assert_int_equal(mount("etwas", relay.folder, "tmpfs", MS_REMOUNT, "size=64m"), 0);
    for (int i = 0; i < 200 && reply.status != 200; i++) {
        post_sign(&post, &sender, 0);
        post_send(&post, &relay, &reply);
        (void)usleep(20000);
    }
    assert_int_equal(reply.status, 200);
    post_clear(&post);
    get(&relay, "/healthz", &reply);
    assert_int_equal(reply.status, 200);
    get(&relay, "/v1/events?limit=1000", &reply);
    unsigned long lines = 0;
    for (size_t i = 0; i < reply.size; i++) {
        lines += reply.body[i] == '\n' ? 1 : 0;
    }
    assert_int_equal(lines, stored + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk_is_said_and_survived, set_up, tear_down),
    };
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        (void)printf("skipped: a small disk needs the right to mount\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
