#ifndef ELRELAY_EDGE_QUEUE_RECEIPT_H
#define ELRELAY_EDGE_QUEUE_RECEIPT_H

/*
 * receipt.h - what stands for an event in the manifest of its batch, when the event itself is
 * long gone.
 *
 * A manifest holds a mark for each row, and for each event of it that was set aside: the first
 * bytes of the SHA-256 of its tracking id. Without a key, since whoever can read the marks
 * could read a key beside them; and a person finds one with sha256sum and redis-cli.
 */

#include <stdint.h>

#include "elrelay/ground/slice.h"

enum { RECEIPT_MARK_BYTES = 8 }; /* as MARK_BYTES in lib.lua */

/* Zeros where it has no tracking id. */
void receipt_mark(struct slice tracking_id, uint8_t mark[RECEIPT_MARK_BYTES]);

#endif
