/* SPDX-License-Identifier: MIT */
#include "monitor/report/rule.h"

#include <sys/stat.h>

bool rule_file_look(int handle, struct rule_file *file)
{
    struct stat status;
    if (fstat(handle, &status) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    file->inode = status.st_ino;
    file->administrators =
        status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH | S_ISUID | S_ISGID)) == 0;
    return true;
}
