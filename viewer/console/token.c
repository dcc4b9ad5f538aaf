/* SPDX-License-Identifier: MIT */
#include "viewer/console/token.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum etwas_status fail(struct etwas_error *error, enum etwas_status status, int code)
{
    *error = (struct etwas_error){
        .status = status, .os_code = (uint32_t)code, .doing = "reading the viewer token"};
    return status;
}

static enum etwas_status status_of(int code)
{
    if (code == ENOENT || code == ENOTDIR) {
        return ETWAS_NOT_FOUND;
    }
    return code == EACCES || code == EPERM ? ETWAS_DENIED : ETWAS_SYSTEM;
}

enum etwas_status token_read(const char *path, char token[TOKEN_SIZE], struct etwas_error *error)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return fail(error, status_of(errno), errno);
    }
    errno = 0;
    size_t size = fread(token, 1, TOKEN_SIZE, file);
    const int code = ferror(file) != 0 ? errno : 0;
    (void)fclose(file);
    if (code != 0) {
        return fail(error, status_of(code), code);
    }
    while (size != 0 && (token[size - 1] == '\n' || token[size - 1] == '\r')) {
        size--;
    }
    for (size_t i = 0; i < size; i++) {
        if (token[i] <= ' ' || token[i] >= 0x7f) {
            size = 0;
        }
    }
    if (size == 0 || size == TOKEN_SIZE) {
        return fail(error, ETWAS_MALFORMED, 0);
    }
    token[size] = 0;
    return ETWAS_OK;
}
