#ifndef ELRELAY_CORE_CARRY_CELL_H
#define ELRELAY_CORE_CARRY_CELL_H

/*
 * cell.h - one value of an event, and the text that it becomes. No CSV here: quotes come later.
 *
 * A value is its own bytes, in an event that has passed scan_event. Most are their text
 * already; only what must be decoded goes through a parser.
 */

#include "elrelay/ground/buf.h"
#include "elrelay/ground/scan.h"

/* Redis keeps no longer value, so no cell made of one is longer. */
#define CELL_TEXT_MAX ((size_t)512 * 1024 * 1024)

/* A key of the event. Room as below. */
struct slice cell_key(const struct scan_member *member, struct buf *room);

/*
 * Strings as they are, numbers as ECMAScript prints them, true and false, nothing for null and
 * no member, nested values as their own bytes without white space. What is not there already is
 * made in room; valid as long as room and the event.
 */
struct slice cell_text(const struct scan_member *member, struct buf *room);

/* The text with one space for each U+2028 and U+2029; the same text where there is none. Room
 * as above. */
struct slice cell_space_separators(struct slice text, struct buf *room);

#endif
