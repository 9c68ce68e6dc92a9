#ifndef ELRELAY_GROUND_TIME_TEXT_H
#define ELRELAY_GROUND_TIME_TEXT_H

/*
 * time_text.h - times and durations as people and endpoints write them.
 *
 * Pure arithmetic on the proleptic Gregorian calendar in UTC; no clock, no time zone, no
 * locale.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/ground/slice.h"

enum { TIME_TEXT_MAX = 32 };

/* "2026-11-22T03:04:05.678Z" (RFC 3339); times after the year 9999 are written as its last
 * millisecond. */
void time_text_write(char text[TIME_TEXT_MAX], uint64_t unix_ms);

/* Reads RFC 3339 with any offset and 0 to 9 digits of fraction (cut to ms); false on anything
 * else. */
bool time_text_read(struct slice text, uint64_t *unix_ms);

/* Reads the IMF-fixdate of HTTP (RFC 9110, 5.6.7), as in Date and Retry-After; false on
 * anything else. */
bool time_text_read_http(struct slice text, uint64_t *unix_ms);

/* A duration in its largest whole unit, as the configuration writes it: "90s", "2m", "1500ms",
 * "0s". */
void time_text_write_duration(char text[TIME_TEXT_MAX], uint64_t ms);

#endif
