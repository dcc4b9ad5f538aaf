/* SPDX-License-Identifier: MIT */
#include <signal.h>

#include "monitor/main.h"

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    return etwas_main(argc, argv);
}
