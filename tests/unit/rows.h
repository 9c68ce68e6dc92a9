#ifndef ELRELAY_TESTS_UNIT_ROWS_H
#define ELRELAY_TESTS_UNIT_ROWS_H

/*
 * rows.h - checks for tables of named rows: what fails says which row it was.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "elrelay/ground/slice.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* A field of a table's row: bytes that may hold a NUL. */
#define BYTES(literal)                                                                         \
    {                                                                                          \
        literal, sizeof(literal) - 1                                                           \
    }

/* A text that a configuration would own. */
#define OWN(literal) ((char[]){literal})

static inline void row_check(const char *row, bool holds)
{
    if (!holds)
        fail_msg("row '%s'", row);
}

static inline void row_same(const char *row, struct slice got, struct slice want)
{
    if (!slice_is(got, want))
        fail_msg("row '%s': got [%.*s], want [%.*s]", row, SLICE_ARG(got), SLICE_ARG(want));
}

static inline void row_same_number(const char *row, uint64_t got, uint64_t want)
{
    if (got != want)
        fail_msg("row '%s': got %ju, want %ju", row, (uintmax_t)got, (uintmax_t)want);
}

#endif
