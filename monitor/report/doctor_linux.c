/* SPDX-License-Identifier: MIT */
#include "monitor/report/doctor.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#define TRACEFS_MAGIC 0x74726163 /* statfs(2) */

/* The oldest kernel this was made for, and the first whose sub-buffers have a size to choose. */
enum { OLDEST = 6 * 1000 + 1, SUBBUFFERS = 6 * 1000 + 8 };

static int kernel_number(const char *release)
{
    int major = 0;
    int minor = 0;
    const char *at = release;
    for (; *at >= '0' && *at <= '9' && major < 1000; at++) {
        major = major * 10 + (*at - '0');
    }
    if (*at == '.') {
        at++;
    }
    for (; *at >= '0' && *at <= '9' && minor < 100; at++) {
        minor = minor * 10 + (*at - '0');
    }
    return major * 1000 + minor;
}

static void say_kernel(void)
{
    struct utsname name;
    if (uname(&name) != 0) {
        doctor_say(FINDING_UNKNOWN, NULL, "kernel: it does not say which it is");
        return;
    }
    const int number = kernel_number(name.release);
    doctor_say(number >= OLDEST ? FINDING_OK : FINDING_UNKNOWN, NULL, "kernel %s%s", name.release,
               number >= OLDEST ? "" : ": older than 6.1, with which this was never tried");
    if (number >= SUBBUFFERS) {
        doctor_say(FINDING_OK, NULL, "sub-buffers of a size to choose (--buffer-size)");
    } else {
        doctor_say(FINDING_UNKNOWN, NULL,
                   "sub-buffers of one page only, before kernel 6.8: --buffer-size has no effect");
    }
}

static bool is_tracefs(const char *path)
{
    struct statfs status;
    return statfs(path, &status) == 0 && (unsigned long)status.f_type == TRACEFS_MAGIC;
}

bool doctor_system(void)
{
    say_kernel();
    static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (is_tracefs(places[i])) {
            doctor_say(FINDING_OK, NULL, "tracefs at %s", places[i]);
            return true;
        }
    }
    doctor_say(FINDING_NO,
               "sudo mount -t tracefs nodev /sys/kernel/tracing   (none there: the kernel was "
               "built without tracing)",
               "tracefs is not mounted");
    return false;
}
