#ifndef ELRELAY_CORE_CARRY_REASON_H
#define ELRELAY_CORE_CARRY_REASON_H

/*
 * reason.h - why an event was set aside: one closed list, the same words in dead letters, logs,
 * metrics and commands. A new reason is a row here.
 */

#include <stddef.h>

#include "elrelay/ground/scan.h"

/* name, word, what it tells a person */
#define REASON_LIST(ROW)                                                                       \
    ROW(NO_EVENT, "no_event", "the entry has another shape than one field named event")        \
    ROW(EMPTY, "empty", "nothing but white space")                                             \
    ROW(BOM, "bom", "begins with a byte order mark")                                           \
    ROW(NOT_UTF8, "not_utf8", "a byte that is not UTF-8")                                      \
    ROW(NOT_JSON, "not_json", "not JSON as RFC 8259 says")                                     \
    ROW(CONTROL_CHARACTER, "control_character", "a raw control character inside a string")     \
    ROW(NUL_CHARACTER, "nul_character", "\\u0000 inside a string")                             \
    ROW(LONE_SURROGATE, "lone_surrogate", "half a surrogate pair")                             \
    ROW(NUMBER_TOO_LARGE, "number_too_large", "a number beyond 2^53 - 1")                      \
    ROW(NUMBER_INEXACT, "number_inexact", "a number that a double cannot carry unchanged")     \
    ROW(TOO_DEEP, "too_deep", "more than 1,000 levels")                                        \
    ROW(TRAILING_BYTES, "trailing_bytes", "something behind the JSON value")                   \
    ROW(NOT_OBJECT, "not_object", "JSON, but not an object")                                   \
    ROW(REQUIRED, "required", "a required column has no value")                                \
    ROW(NOT_IN_VALUES, "not_in_values", "a value that the column's value map does not know")   \
    ROW(PATTERN, "pattern", "a value that does not match the column's pattern")                \
    ROW(TOO_LARGE, "too_large", "larger than max_bytes by itself")                             \
    ROW(TOO_MANY_COLUMNS, "too_many_columns", "more columns than the endpoint takes")          \
    ROW(GONE, "gone", "a pending id whose data is no longer on the stream")                    \
    ROW(POISON, "poison", "the converter died with it again and again")                        \
    ROW(REFUSED, "refused", "the endpoint refused this row")                                   \
    ROW(REFUSED_ALONE, "refused_alone", "the endpoint refused it in a batch of its own")       \
    ROW(TOO_LARGE_ALONE, "too_large_alone",                                                    \
        "too large for the endpoint in a batch of its own")                                    \
    ROW(TERMINATED, "terminated", "an operator terminated its batch")

#define REASON_ENUM(name, word, sentence) REASON_##name,
enum reason { REASON_NONE, REASON_LIST(REASON_ENUM) REASON_COUNT };
#undef REASON_ENUM

/* What was wrong with one event, by position and never by content. */
struct blame {
    enum reason reason;
    size_t offset; /* byte in the event for reasons of the scan; else 0 */
    size_t column; /* 1-based index of the configured column; 0: none */
};

/* The word of a reason; "" for REASON_NONE. */
const char *reason_word(enum reason reason);

/* The sentence of a reason; "" for REASON_NONE. */
const char *reason_sentence(enum reason reason);

/* REASON_NONE where no row has this word. */
enum reason reason_of_word(struct slice word);

/* SCAN_OK becomes REASON_NONE. */
enum reason reason_of_scan(enum scan_result result);

#endif
