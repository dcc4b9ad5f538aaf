/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "policy/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct access_policy policy;

static bool resolve(const char *name, bool is_group, uint32_t *id)
{
    *id = (uint32_t)strlen(name) + (is_group ? 100 : 0);
    return name[0] == 'a';
}

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

/* Everybody asks for everything, each rule's own text among it. */
static void ask(void)
{
    static const char *const questions[] = {"sched:sched_switch", "a:b", "usdt:own",
                                            "usdt:1:0x2:0x0:-", NULL};
    const uint32_t groups[] = {0, 105};
    for (uint32_t uid = 0; uid < 3; uid++) {
        const struct access_subject subject = {
            .uid = uid, .gid = 100 + uid, .groups = groups, .group_count = 2};
        uint32_t line = 0;
        for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
            require(!access_allows(&policy, &subject, questions[i], &line) || line != 0);
        }
        for (size_t i = 0; i < policy.rule_count && i < 16; i++) {
            (void)access_allows(&policy, &subject, policy.rules[i].what, &line);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct access_fault fault;
    char *text = malloc(size != 0 ? size : 1);
    require(text != NULL);
    memcpy(text, data, size);
    if (access_parse(&policy, text, size, resolve, &fault)) {
        require(policy.rule_count <= ACCESS_MAX_RULES);
        ask();
    } else {
        require(fault.line != 0 && fault.column != 0 && fault.what[0] != '\0');
    }
    free(text);
    return 0;
}
