#ifndef ELRELAY_EVENTS_MALFORMED_H
#define ELRELAY_EVENTS_MALFORMED_H

/*
 * malformed.h - breaks a line of JSON in one of the ways in which producers break it.
 */

struct buf;
struct splitmix;

/* Line holds an object with at least one member. What comes out is still one line, and no
 * event. */
void malformed_make(struct buf *line, struct splitmix *source);

#endif
