#ifndef ELRELAY_EVENTS_SERIES_H
#define ELRELAY_EVENTS_SERIES_H

/*
 * series.h - the events of a seed, numbered from 1 without end. What a number holds depends on
 * the seed, the rates and the number alone.
 */

#include <stdint.h>

#include "rates.h"

struct buf;

enum {
    SERIES_LINE_MAX = 64 << 10, /* bytes; an event has some 2,600 */
    SERIES_VALUE_MAX = 1 << 10, /* bytes of one value */
};

/* Numbers go up to here: an id has room for twelve hexadecimal digits of them. */
static const uint64_t SERIES_NUMBER_MAX = (UINT64_C(1) << 48) - 1;

struct series {
    uint64_t seed;
    struct rates rates;
};

/* Replaces what line holds by the line of this number, with its line feed. */
void series_write(const struct series *series, uint64_t number, struct buf *line);

#endif
