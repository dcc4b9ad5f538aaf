/* SPDX-License-Identifier: MIT */
#include "relay/page.h"

/* A build without node has no page; everything else works. */
const struct page_file page_files[] = {{.path = NULL}};
