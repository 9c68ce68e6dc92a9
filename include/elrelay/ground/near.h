#ifndef ELRELAY_GROUND_NEAR_H
#define ELRELAY_GROUND_NEAR_H

/*
 * near.h - how far a name that somebody gave is from one that is known.
 */

#include "elrelay/ground/slice.h"

enum { NEAR_KNOWN_MAX = 64 };

/* Letters put in, left out or changed (Levenshtein's distance). What known has behind its first
 * NEAR_KNOWN_MAX bytes is not looked at. */
size_t near_distance(struct slice given, struct slice known);

/* The same; a letter of the other case is the same letter. */
size_t near_distance_any_case(struct slice given, struct slice known);

/* A distance that is no longer near: one letter may be wrong, and one more for each four. */
static inline size_t near_end(struct slice given)
{
    return 2 + given.len / 4;
}

#endif
