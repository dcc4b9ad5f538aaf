/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_RELAY_PAGE_H
#define ETWAS_RELAY_PAGE_H

#include <stddef.h>

/*
 * The viewer page as it was built in: the CMake target etwas_page (viewer/page) brings the
 * table, whose last entry has no path. A build without it has an empty one.
 */
struct page_file {
    const char *path; /* "/", "/viewer.js" */
    const char *type; /* "text/html; charset=utf-8" */
    const unsigned char *data;
    size_t size;
    const unsigned char *gzip; /* the same, compressed; NULL: there is none */
    size_t gzip_size;
    const char *etag; /* with its quotes; changes with the data */
};

extern const struct page_file page_files[];

#endif
