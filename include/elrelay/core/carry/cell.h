#ifndef ELRELAY_CORE_CARRY_CELL_H
#define ELRELAY_CORE_CARRY_CELL_H

/*
 * cell.h - one value of an event, and the text that it becomes. No CSV here: quotes come later.
 */

#include "elrelay/ground/buf.h"
#include "elrelay/ground/json.h"

/* Redis keeps no longer value, so no cell made of one is longer. */
#define CELL_TEXT_MAX ((size_t)512 * 1024 * 1024)

/* Borrows from the event and its tree; all zero: the event has nothing here. */
struct cell {
    const struct json *value;
    struct slice bytes; /* of the value, as they stand in the event */
};

/*
 * Strings as they are, numbers as ECMAScript prints them, true and false, nothing for null and
 * a missing value, nested values as their own bytes without white space. What is not there
 * already is made in room; valid as long as room and the tree. A NUL stands behind the text.
 */
struct slice cell_text(const struct cell *cell, struct buf *room);

/* The text with one space for each U+2028 and U+2029; the same text where there is none. Room
 * as above. */
struct slice cell_space_separators(struct slice text, struct buf *room);

#endif
