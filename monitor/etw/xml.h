/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETW_XML_H
#define ETWAS_MONITOR_ETW_XML_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads the tags of XML that need not be well-formed: manifests as they are found have stray text,
 * bad names, tags that are never closed. What makes no sense is passed over and counted. There is
 * no tree and no memory: everything points into the text, which is UTF-8.
 */
struct xml_piece {
    const char *data; /* as it stands in the text, entities and all */
    size_t size;
};

struct xml {
    const char *start;
    const char *at;
    const char *end;
    size_t faults;     /* places that were passed over */
    size_t fault_line; /* of the first, from 1; 0: there is none */
};

struct xml_tag {
    struct xml_piece name; /* without a prefix */
    struct xml_piece attributes;
    const char *start; /* of the "<" */
    bool closes;       /* </name> */
    bool empty;        /* <name/> */
};

struct xml xml_of(const char *text, size_t size);

/* The next tag; comments, declarations and text are skipped. False: there is none. */
bool xml_next(struct xml *xml, struct xml_tag *tag);

bool xml_is(const struct xml_piece *piece, const char *text);

/* The value of an attribute; false: the tag has none of that name. */
bool xml_attribute(const struct xml_tag *tag, const char *name, struct xml_piece *value);

/*
 * Puts the piece's text to `out`, entities replaced, without a zero. It is never longer than the
 * piece. What is no entity stays as it is.
 */
size_t xml_unescape(const struct xml_piece *piece, char *out);

#endif
