/* SPDX-License-Identifier: MIT */
#include "tests/system/ping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/harness.h"

const char *ping_copy(const char *name, uint32_t owner, mode_t mode)
{
    const char *path = harness_path(name);
    harness_copy(ETWAS_PING, path, 0755);
    assert_int_equal(chown(path, owner, 0), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

void ping_rule(const char *program, char *rule, size_t size)
{
    static char output[4096];
    const char *const arguments[] = {ETWAS_MONITOR, "--usdt-rule", program, NULL};
    assert_int_equal(harness_execute(0, arguments, output, sizeof output), 0);
    const char *line = strstr(output, "allow ");
    assert_non_null(line);
    (void)snprintf(rule, size, "%.*s\n", (int)strcspn(line, "\n"), line);
}

void ping_probe(struct message_usdt *usdt)
{
    char rule[1024];
    ping_rule(ping_copy("roots-own", 0, 0755), rule, sizeof rule);
    const char *found = strstr(rule, "usdt:");
    assert_non_null(found);
    char *at = NULL;
    memset(usdt, 0, sizeof *usdt);
    (void)strtoull(found + strlen("usdt:"), &at, 10);
    assert_int_equal(*at, ':');
    usdt->offset = strtoull(at + 1, &at, 16);
    assert_int_equal(*at, ':');
    usdt->semaphore = strtoull(at + 1, &at, 16);
    assert_true(usdt->offset != 0 && usdt->semaphore != 0);
}
