/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_REPORT_STANDING_H
#define ETWAS_MONITOR_REPORT_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How this user stands to the controller's channel: is it there, whom does it
 * let in, and is he one of these.
 */
enum { STANDING_NAME_SIZE = 64, STANDING_ADVICE_SIZE = 256 };

struct standing {
    bool own;       /* the path was named: a controller other than the system's */
    bool seen;      /* the channel's file, or else its folder, could be looked at */
    bool there;     /* the file itself was seen */
    uint32_t owner; /* uid */
    uint32_t mode;  /* permission bits */
    bool service;   /* the system can start the controller as a service */
    bool installed; /* ... and knows it */
    bool root;      /* this user is the administrator */
    bool member;    /* the group's list names him, or it is his own */
    bool active;    /* this process has the group */
    char user[STANDING_NAME_SIZE];
    char group[STANDING_NAME_SIZE];
};

/* `path` NULL: the system's controller. */
void standing_find(const char *path, struct standing *standing);

/* What to type so that a controller runs; what to type to be let in. No newline. */
void standing_start_advice(const struct standing *standing, char *text, size_t size);
void standing_group_advice(const struct standing *standing, char *text, size_t size);

#endif
