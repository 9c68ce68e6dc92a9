#ifndef ELRELAY_CORE_TOLD_SLOT_H
#define ELRELAY_CORE_TOLD_SLOT_H

/*
 * slot.h - where a key lies in a Redis Cluster: "Redis cluster specification", key distribution
 * model and hash tags.
 */

#include "elrelay/ground/slice.h"

enum { SLOT_COUNT = 16384 };

/* The part of a key that decides on its slot: what stands in its first braces, where that is
 * not empty, else all of it. */
struct slice slot_tag(struct slice key);

/* CRC16 (XMODEM) of the tag, modulo SLOT_COUNT. */
unsigned slot_of(struct slice key);

#endif
