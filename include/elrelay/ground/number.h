#ifndef ELRELAY_GROUND_NUMBER_H
#define ELRELAY_GROUND_NUMBER_H

/*
 * number.h - decimal numbers that survive the way through a double, and those that do not.
 *
 * Text is printed as ECMAScript's Number::toString does (ECMA-262, section 6.1.6.1.20): the
 * shortest digits that read back as the same double, 1.10 -> 1.1, 1E3 -> 1000, -0 -> 0, 1e21 ->
 * 1e+21.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/ground/slice.h"

/* What number_write needs; the longest number that each release of cJSON reads whole. */
enum { NUMBER_TEXT_MAX = 32, NUMBER_READ_MAX = 63 };

enum number_fate {
    NUMBER_EXACT,     /* printing gives back the same decimal value */
    NUMBER_TOO_LARGE, /* beyond +-(2^53 - 1), or not finite */
    NUMBER_INEXACT,   /* another decimal value would come out, or longer than NUMBER_READ_MAX */
};

/* Writes value (finite) with a NUL at the end; returns the length. */
size_t number_write(char text[NUMBER_TEXT_MAX], double value);

/* What would become of a JSON number (RFC 8259 grammar, already checked) on its way through a
 * double. */
enum number_fate number_fate(struct slice text);

/* Whether a number of JSON stands as it would be printed: whole, at most 15 digits, not -0. */
bool number_prints_itself(struct slice text);

/* A whole decimal number from 0 to UINT64_MAX, digits only; false on anything else. */
bool number_read_u64(struct slice text, uint64_t *value);

#endif
