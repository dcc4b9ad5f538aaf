/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <io.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

/* After windows.h, which it builds upon. */
#include <shellapi.h>

#include "monitor/main.h"

enum { EXIT_FAILED = 2 };

static char *utf8(const WCHAR *wide)
{
    const int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = size > 0 ? malloc((size_t)size) : NULL;
    if (text != NULL && WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL) == 0) {
        free(text);
        text = NULL;
    }
    return text;
}

static void free_arguments(char **arguments, int count)
{
    for (int i = 0; arguments != NULL && i < count; i++) {
        free(arguments[i]);
    }
    free(arguments);
}

/* main() is given them in the code page of the system, which lacks most letters. */
static char **get_arguments(int *count)
{
    WCHAR **wide = CommandLineToArgvW(GetCommandLineW(), count);
    char **arguments = wide != NULL ? calloc((size_t)*count + 1, sizeof *arguments) : NULL;
    bool fine = arguments != NULL;
    for (int i = 0; fine && i < *count; i++) {
        arguments[i] = utf8(wide[i]);
        fine = arguments[i] != NULL;
    }
    (void)LocalFree((HLOCAL)wide);
    if (!fine) {
        free_arguments(arguments, *count);
        return NULL;
    }
    return arguments;
}

int main(void)
{
    int count = 0;
    const UINT before = GetConsoleOutputCP(); /* it is the console's, and outlives us */
    char **arguments = get_arguments(&count);
    if (arguments == NULL) {
        (void)fprintf(stderr, "etwas: the arguments cannot be read\n");
        return EXIT_FAILED;
    }
    (void)_setmode(_fileno(stdout), _O_BINARY); /* the same bytes as elsewhere */
    (void)_setmode(_fileno(stderr), _O_BINARY);
    (void)SetConsoleOutputCP(CP_UTF8);
    const int result = etwas_main(count, arguments);
    (void)SetConsoleOutputCP(before);
    free_arguments(arguments, count);
    return result;
}
