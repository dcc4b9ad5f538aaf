/* SPDX-License-Identifier: MIT */
#include "monitor/report/standing.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/channel.h"

enum { MAX_GROUPS = 1024, MAX_PATH = 4096 };

static bool look(const char *path, struct standing *standing, gid_t *group)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return false;
    }
    standing->owner = status.st_uid;
    standing->mode = status.st_mode & 07777;
    *group = status.st_gid;
    return true;
}

/* The file itself may be hidden by the rights of its folder; then the folder counts. */
static bool look_at_channel(const char *path, struct standing *standing, gid_t *group)
{
    char folder[MAX_PATH];
    standing->there = look(path, standing, group);
    if (standing->there) {
        return true;
    }
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof folder) {
        return false;
    }
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    return look(folder, standing, group);
}

static bool process_has(gid_t group)
{
    gid_t groups[MAX_GROUPS];
    const int count = getgroups(MAX_GROUPS, groups);
    if (getegid() == group) {
        return true;
    }
    for (int i = 0; i < count; i++) {
        if (groups[i] == group) {
            return true;
        }
    }
    return false;
}

static void find_group(struct standing *standing, gid_t gid)
{
    const struct group *group = getgrgid(gid);
    if (group == NULL) {
        (void)snprintf(standing->group, sizeof standing->group, "%u", (unsigned)gid);
        return;
    }
    (void)snprintf(standing->group, sizeof standing->group, "%s", group->gr_name);
    for (char *const *name = group->gr_mem; *name != NULL; name++) {
        standing->member = standing->member || strcmp(*name, standing->user) == 0;
    }
}

void standing_find(const char *path, struct standing *standing)
{
    memset(standing, 0, sizeof *standing);
    const struct passwd *user = getpwuid(geteuid());
    const gid_t first = user == NULL ? getegid() : user->pw_gid;
    if (user != NULL) {
        (void)snprintf(standing->user, sizeof standing->user, "%s", user->pw_name);
    } else {
        (void)snprintf(standing->user, sizeof standing->user, "%u", (unsigned)geteuid());
    }
    standing->root = geteuid() == 0;
    standing->own = path != NULL;
    gid_t group = 0;
    standing->seen = look_at_channel(path == NULL ? CHANNEL_DEFAULT_PATH : path, standing, &group);
    if (standing->seen) {
        find_group(standing, group);
        standing->member = standing->member || first == group;
        standing->active = process_has(group);
    }
    standing->service = access("/run/systemd/system", F_OK) == 0;
    standing->installed =
        access("/etc/systemd/system/etwas-controller.service", F_OK) == 0 ||
        access("/usr/lib/systemd/system/etwas-controller.service", F_OK) == 0 ||
        access("/usr/local/lib/systemd/system/etwas-controller.service", F_OK) == 0 ||
        access("/lib/systemd/system/etwas-controller.service", F_OK) == 0;
}

void standing_start_advice(const struct standing *standing, char *text, size_t size)
{
    const char *sudo = standing->root ? "" : "sudo ";
    if (standing->own) {
        (void)snprintf(text, size, "start it, or leave --controller out");
    } else if (standing->service && standing->installed) {
        (void)snprintf(text, size, "%ssystemctl start etwas-controller", sudo);
    } else if (standing->service) {
        (void)snprintf(text, size,
                       "install etwas-controller (%scmake --install build), then %ssystemctl start "
                       "etwas-controller",
                       sudo, sudo);
    } else {
        (void)snprintf(text, size,
                       "%setwas-controller   (this system has no systemd: keep it "
                       "running in a terminal)",
                       sudo);
    }
}

void standing_group_advice(const struct standing *standing, char *text, size_t size)
{
    if (standing->seen && standing->member && !standing->active) {
        (void)snprintf(text, size,
                       "log in again: you are in the group %s, but this login began before that",
                       standing->group);
    } else if (standing->seen && !standing->member) {
        (void)snprintf(text, size, "sudo usermod -aG %s %s   and log in again", standing->group,
                       standing->user);
    } else {
        (void)snprintf(text, size, "ask the administrator for access to the controller");
    }
}
