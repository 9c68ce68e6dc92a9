#ifndef ELRELAY_GROUND_JSON_OUT_H
#define ELRELAY_GROUND_JSON_OUT_H

/*
 * json_out.h - writing JSON of our own: log lines, `--json` answers. Never the content of an
 * event.
 *
 * Values follow each other; commas and quotes are put where they belong. Bytes that are not
 * UTF-8 become U+FFFD.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/ground/buf.h"

/* `= {.buf = &buf}` starts one. Nesting is the caller's: every begin has its end. */
struct json_out {
    struct buf *buf;
    bool comma; /* the next value needs one in front */
};

/* key NULL inside arrays and for the outermost value. */
void json_out_begin_object(struct json_out *out, const char *key);
void json_out_end_object(struct json_out *out);
void json_out_begin_array(struct json_out *out, const char *key);
void json_out_end_array(struct json_out *out);
void json_out_text(struct json_out *out, const char *key, struct slice text);
void json_out_number(struct json_out *out, const char *key, uint64_t number);
void json_out_bool(struct json_out *out, const char *key, bool value);
void json_out_null(struct json_out *out, const char *key);

#endif
