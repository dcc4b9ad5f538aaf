/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/forward/probe.h"

/* The bytes of the files in a folder, which is closed. */
static uint64_t sum_files(int folder)
{
    uint64_t bytes = 0;
    DIR *list = fdopendir(folder);
    const struct dirent *entry = NULL;
    if (list == NULL) {
        (void)close(folder);
        return 0;
    }
    while ((entry = readdir(list)) != NULL) {
        struct stat about;
        if (fstatat(folder, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(about.st_mode)) {
            bytes += (uint64_t)about.st_size;
        }
    }
    (void)closedir(list);
    return bytes;
}

void probe_spool(const char *path, struct probe_spool *found)
{
    *found = (struct probe_spool){.writable = access(path, W_OK | X_OK) == 0};
    DIR *list = opendir(path);
    const struct dirent *entry = NULL;
    if (list == NULL) {
        return;
    }
    found->there = true;
    while ((entry = readdir(list)) != NULL) {
        const int folder = entry->d_name[0] == '.'
                               ? -1
                               : openat(dirfd(list), entry->d_name,
                                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder >= 0) {
            found->streams++;
            found->bytes += sum_files(folder);
        }
    }
    (void)closedir(list);
}
