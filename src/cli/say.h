#ifndef ELRELAY_CLI_SAY_H
#define ELRELAY_CLI_SAY_H

/*
 * say.h - numbers and times as a person reads them, and JSON for those who do not.
 */

#include <stdint.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/json_out.h"

enum { SAY_MAX = 64, SAY_JSON_MAX = 1024 * 1024 * 1024 };

/* "1,000"; returns text. */
const char *say_number(char text[SAY_MAX], uint64_t number);

/* "1 event", "1,000 events", "2 batches" by ("batch", "es"); returns text. */
const char *say_count(char text[SAY_MAX], uint64_t number, const char *one, const char *ending);

/* "40 s", "3 min", "5 h", "2 d": cut, not rounded; returns text. */
const char *say_age(char text[SAY_MAX], uint64_t ms);

/* "812 B", "2.6 kB", "4.1 MB"; returns text. */
const char *say_size(char text[SAY_MAX], uint64_t bytes);

/* Bytes on a terminal: what is not printable UTF-8 becomes \xNN. */
void say_bytes(struct slice bytes);

/* A JSON document that is printed as one line at its end. */
struct say_json {
    struct buf buf;
    struct json_out out;
};

void say_json_begin(struct say_json *json);

/* Prints it where wanted; gives the memory back in any case. */
void say_json_end(struct say_json *json, bool wanted);

/* The same around {"routes": [...]}. */
void say_json_begin_routes(struct say_json *json);
void say_json_end_routes(struct say_json *json, bool wanted);

/* Bytes as text under key where they are UTF-8, else in hex under key_hex; nothing is lost
 * either way. */
void say_json_bytes(struct json_out *out, const char *key, struct slice bytes);

#endif
