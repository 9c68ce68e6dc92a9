#ifndef ELRELAY_CORE_CARRY_FORMAT_H
#define ELRELAY_CORE_CARRY_FORMAT_H

/*
 * format.h - what the configuration says about a route's format, and the table of formats.
 *
 * A format is a row in format_table: its name, its content type, and an encoder's three verbs.
 * What the row's functions keep between calls stands in struct encoder (encoder.h).
 */

#include <stdbool.h>
#include <stddef.h>

#include "elrelay/core/carry/reason.h"
#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"

enum header_mode {
    HEADER_UNION, /* all keys of the batch, first seen first */
    HEADER_FIRST, /* the keys of the first event; others are dropped and counted */
    HEADER_FIXED, /* the configured columns */
};

/* One entry of a value map; both sides are NUL-terminated and owned by the configuration. */
struct value_pair {
    char *from;
    char *to;
};

/* One configured column. Texts are owned by the configuration; NULL where not given. */
struct column_conf {
    char *name;
    char *path; /* RFC 6901 JSON pointer, or a plain top-level key; NULL: the name is the key */
    char *fallback; /* taken when the value is missing, null or empty; mapped, too */
    char *pattern;  /* POSIX extended regular expression; a cell that is not empty must match
                       whole */
    bool required;  /* an empty cell makes the event invalid */
    struct value_pair
        *values; /* a cell that is not empty must be one of from, and becomes to */
    size_t value_count;
};

struct format;

struct format_conf {
    const struct format *format; /* a row of format_table; NULL is read as CSV */
    char *tracking_id; /* name of the column (fixed) or key (union, first); NULL: none */
    struct column_conf *columns;
    size_t column_count;
    enum header_mode header;
    bool crlf; /* lines end with CR LF instead of LF */
    /* from the endpoint's profile, not from the file */
    bool line_separators_to_space; /* U+2028 and U+2029 become a space */
    size_t max_columns;            /* 0: no limit */
};

enum encode_result {
    ENCODE_TAKEN,   /* the event is a row of the batch */
    ENCODE_FULL,    /* would pass max_bytes: nothing changed; begin another batch with it */
    ENCODE_INVALID, /* blame says why; nothing changed */
};

struct encoder;

struct format {
    const char *name;         /* in the configuration */
    const char *content_type; /* exactly as the endpoint wants it */
    enum encode_result (*add)(struct encoder *, struct slice event, struct blame *);
    size_t (*size)(const struct encoder *); /* exact bytes of the body as it stands */
    void (*finish)(struct encoder *);       /* makes encoder->body */
};

extern const struct format format_table[];
extern const size_t format_count;

/* NULL where no row has this name. */
const struct format *format_by_name(struct slice name);

/*
 * Whether an encoder can work by this configuration: patterns and paths can be read, no name
 * comes twice, the tracking id is a column. The encoder takes this for granted. Faults are
 * FAULT_CONF and begin with the key's path below the route, as in "format.columns[2].pattern".
 */
bool format_check(const struct format_conf *conf, struct fault *fault);

#endif
