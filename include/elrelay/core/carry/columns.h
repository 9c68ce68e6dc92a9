#ifndef ELRELAY_CORE_CARRY_COLUMNS_H
#define ELRELAY_CORE_CARRY_COLUMNS_H

/*
 * columns.h - the names of a batch's columns: an ordered set that grows, and shrinks again
 * where an event does not fit.
 *
 * Events of one queue usually bring their keys in the same order, so each column remembers
 * which one was asked for after it; only where that guess fails is the name looked up by its
 * hash. Nothing here knows JSON or CSV.
 */

#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/buf.h"

enum { COLUMNS_FIRST_CAP = 128 };

#define COLUMN_NONE SIZE_MAX

struct column {
    size_t name;     /* where it begins in names */
    size_t name_len; /* in bytes */
    size_t next;     /* asked for after this one the last time */
    uint32_t hash;
};

struct columns {
    struct column *list;
    size_t count;
    size_t cap;
    struct buf names; /* one behind the other */
    size_t *slots;    /* index + 1 of a column, 0: free; a power of two, at most half full */
    size_t slot_count;
    size_t first; /* what was asked for first the last time */
    size_t last;  /* the column asked for just now; COLUMN_NONE: none yet of this event */
};

/* Empty; its names take at most max_bytes together. Takes no memory yet. */
void columns_init(struct columns *columns, size_t max_bytes);

/* Gives everything back; accepts a zeroed one. */
void columns_free(struct columns *columns);

/* The names of another event follow: begin to guess anew. */
void columns_rewind(struct columns *columns);

/* The index of a name, or COLUMN_NONE. */
size_t columns_find(struct columns *columns, struct slice name);

/* The index of a name that columns_find does not know, added at the end; COLUMN_NONE at the
 * ceiling. */
size_t columns_add(struct columns *columns, struct slice name);

/* Forgets all columns but the first count ones. */
void columns_cut(struct columns *columns, size_t count);

/* Valid until the next add. */
struct slice columns_name(const struct columns *columns, size_t index);

#endif
