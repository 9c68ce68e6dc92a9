#ifndef ELRELAY_GROUND_JSON_H
#define ELRELAY_GROUND_JSON_H

/*
 * json.h - reading JSON, by cJSON behind a door.
 *
 * json.c is the only file that includes cJSON. A tree owns copies; what it hands out is valid
 * until json_free. Bytes of an event are scanned first (scan.h); an answer's body may come as
 * it is.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/ground/slice.h"

struct json; /* a value inside a tree */

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT
};

/* The version of cJSON that is linked. */
const char *json_version(void);

/* The whole of bytes as one value, or NULL. Trailing bytes other than white space: NULL. */
struct json *json_parse(struct slice bytes);

/* Frees the tree that json_parse gave; accepts NULL. */
void json_free(struct json *tree);

enum json_kind json_kind(const struct json *value);

/* First child of an array or object and the one behind a child; NULL at the end. */
const struct json *json_first(const struct json *value);
const struct json *json_next(const struct json *child);

/* Of an object, exact case, last of repeated keys; NULL if absent or not an object. */
const struct json *json_member(const struct json *object, const char *key);

struct slice json_key(const struct json *child);
struct slice
json_text(const struct json *value); /* decoded; empty unless JSON_TEXT (also for NULL) */
double json_number(const struct json *value);

/* A whole number from 0 to 2^53 - 1; false for anything else (also for NULL). */
bool json_u64(const struct json *value, uint64_t *number);

#endif
