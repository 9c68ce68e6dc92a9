/*
 * near.c - Levenshtein's distance, one row of the matrix at a time.
 */

#include "elrelay/ground/near.h"

#include <strings.h>

typedef int near_compare(const char *a, const char *b, size_t len);

static size_t near_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t near_count(struct slice given, struct slice known, near_compare *compare)
{
    size_t row[NEAR_KNOWN_MAX + 1];
    known = slice_part(known, 0, NEAR_KNOWN_MAX);
    for (size_t j = 0; j <= known.len; j++)
        row[j] = j;
    for (size_t i = 0; i < given.len; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < known.len; j++) {
            size_t changed = corner + (compare(given.ptr + i, known.ptr + j, 1) != 0);
            corner = row[j + 1];
            row[j + 1] = near_least(changed, near_least(row[j], row[j + 1]) + 1);
        }
    }
    return row[known.len];
}

size_t near_distance(struct slice given, struct slice known)
{
    return near_count(given, known, strncmp);
}

size_t near_distance_any_case(struct slice given, struct slice known)
{
    return near_count(given, known, strncasecmp);
}
