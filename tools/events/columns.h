#ifndef ELRELAY_EVENTS_COLUMNS_H
#define ELRELAY_EVENTS_COLUMNS_H

/*
 * columns.h - the 75 columns of SimpleReport's CSV in the order of their schema, and how each
 * value is made.
 */

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct report;

enum { COLUMN_COUNT = 75 };

struct column {
    const char *name;
    void (*write)(struct buf *out, const struct report *report, unsigned of);
    unsigned of; /* which party, moment, list or part the writer takes */
    bool coded;  /* a wrong code can be told from a right one; else only a blank can */
};

extern const struct column columns[COLUMN_COUNT];

#endif
