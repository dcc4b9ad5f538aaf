/* SPDX-License-Identifier: MIT */
#include "monitor/session/processes.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check.h"

static struct processes *processes;

static int set_up(void **state)
{
    (void)state;
    processes = processes_open();
    return processes == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    processes_close(processes);
    return 0;
}

/* An event of `sched` or `task` with the fields that matter. */
struct fact {
    struct schema schema;
    uint64_t pid;
    uint64_t flags;
};

static const char *fact_name(const struct schema *schema, uint16_t index)
{
    static const char *const names[] = {"pid", "comm", "clone_flags"};
    (void)schema;
    return names[index];
}

static struct value fact_field(const struct event *event, uint16_t index, struct arena *arena)
{
    (void)arena;
    struct fact fact;
    memcpy(&fact, event->payload, sizeof fact);
    if (index == 1) {
        return (struct value){
            .type = VALUE_TEXT, .as.text = {.data = "fresh", .size = 5}
        };
    }
    return (struct value){.type = VALUE_UINT, .as.u = index == 0 ? fact.pid : fact.flags};
}

static struct event event_of(struct fact *fact, uint32_t thread)
{
    fact->schema.field_count = 3;
    fact->schema.field_name = fact_name;
    fact->schema.field = fact_field;
    return (struct event){.schema = &fact->schema,
                          .payload = (const uint8_t *)fact,
                          .payload_size = sizeof *fact,
                          .thread_id = thread};
}

static struct fact plain = {
    .schema = {.provider = "x", .event_name = "y"}
};

static void *named_thread(void *given)
{
    sem_t *steps = given;
    (void)prctl(PR_SET_NAME, "worker", 0, 0, 0);
    const long id = syscall(SYS_gettid);
    struct event event = event_of(&plain, (uint32_t)id);
    processes_fill(processes, &event, 1);
    assert_int_equal(event.process_id, getpid());
    assert_string_equal(event.process_name, "worker");
    (void)sem_post(steps);
    return NULL;
}

static void a_thread_has_its_process_and_its_own_name(void **state)
{
    (void)state;
    sem_t steps;
    pthread_t thread;
    (void)sem_init(&steps, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, named_thread, &steps), 0);
    (void)pthread_join(thread, NULL);
    (void)sem_destroy(&steps);
}

static void what_is_known_already_is_left_alone(void **state)
{
    (void)state;
    struct event events[2] = {event_of(&plain, 0), event_of(&plain, (uint32_t)getpid())};
    events[1].process_id = 4;
    events[1].process_name = "given";
    processes_fill(processes, events, 2);
    assert_int_equal(events[0].process_id, 0);
    assert_null(events[0].process_name);
    assert_int_equal(events[1].process_id, 4);
    assert_string_equal(events[1].process_name, "given");
}

static void a_thread_that_is_gone_stays_unknown(void **state)
{
    (void)state;
    struct event event = event_of(&plain, UINT32_MAX);
    processes_fill(processes, &event, 1);
    assert_int_equal(event.process_id, 0);
    assert_null(event.process_name);
}

static void a_process_is_remembered_until_its_end_passes(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    struct event event = event_of(&plain, (uint32_t)child);
    processes_fill(processes, &event, 1);
    assert_int_equal(event.process_id, child);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);

    struct fact end = {
        .schema = {.provider = "sched", .event_name = "sched_process_exit"},
        .pid = (uint64_t)child
    };
    struct event events[2] = {event_of(&end, (uint32_t)child), event_of(&plain, (uint32_t)child)};
    processes_fill(processes, events, 2);
    assert_int_equal(events[0].process_id, child);
    assert_non_null(events[0].process_name);
    assert_int_equal(events[1].process_id, 0);
}

static void new_threads_are_learnt_from_their_making(void **state)
{
    (void)state;
    enum { NEW_PROCESS = 0x7ffffff0, NEW_THREAD = 0x7ffffff1 };
    struct fact process = {
        .schema = {.provider = "task", .event_name = "task_newtask"},
          .pid = NEW_PROCESS
    };
    struct fact thread = process;
    thread.pid = NEW_THREAD;
    thread.flags = 0x10000;
    const uint32_t self = (uint32_t)getpid();
    struct event events[4] = {event_of(&process, self), event_of(&thread, self),
                              event_of(&plain, NEW_PROCESS), event_of(&plain, NEW_THREAD)};
    processes_fill(processes, events, 4);
    assert_int_equal(events[2].process_id, NEW_PROCESS);
    assert_string_equal(events[2].process_name, "fresh");
    assert_int_equal(events[3].process_id, self);
}

/* More threads than the table has room for: names handed out stay whole. */
static void a_full_table_never_mixes_names_up(void **state)
{
    (void)state;
    static struct event events[64];
    const uint32_t self = (uint32_t)getpid();
    events[0] = event_of(&plain, self);
    for (uint32_t i = 1; i < 64; i++) {
        events[i] = event_of(&plain, self + i * PROCESSES_TABLE);
    }
    processes_fill(processes, events, 64);
    assert_int_equal(events[0].process_id, self);
    assert_string_equal(events[0].process_name, "test_monitor_se");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_thread_has_its_process_and_its_own_name),
        CLAIM(what_is_known_already_is_left_alone),
        CLAIM(a_thread_that_is_gone_stays_unknown),
        CLAIM(a_process_is_remembered_until_its_end_passes),
        CLAIM(new_threads_are_learnt_from_their_making),
        CLAIM(a_full_table_never_mixes_names_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
