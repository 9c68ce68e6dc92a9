/*
 * json_out.c - values, and the commas between them.
 */

#include "elrelay/ground/json_out.h"

#include "elrelay/ground/utf8.h"

static void json_out_escape(struct buf *buf, char byte)
{
    if (byte == '"' || byte == '\\') {
        buf_add_byte(buf, '\\');
        buf_add_byte(buf, byte);
    } else if (byte == '\n') {
        buf_add_text(buf, "\\n");
    } else {
        buf_add_format(buf, "\\u%04x", (unsigned)byte);
    }
}

static bool json_out_is_plain(char byte)
{
    return (unsigned char)byte >= 0x20 && byte != '"' && byte != '\\';
}

static void json_out_quote(struct buf *buf, struct slice text)
{
    buf_add_byte(buf, '"');
    for (size_t at = 0; at < text.len;) {
        size_t len = utf8_sequence_len(slice_part(text, at, 4));
        if (len == 0)
            buf_add_text(buf, "\xef\xbf\xbd");
        else if (len == 1 && !json_out_is_plain(text.ptr[at]))
            json_out_escape(buf, text.ptr[at]);
        else
            buf_add(buf, slice_part(text, at, len));
        at += len ? len : 1;
    }
    buf_add_byte(buf, '"');
}

/* What stands in front of a value. */
static void json_out_lead(struct json_out *out, const char *key)
{
    if (out->comma)
        buf_add_byte(out->buf, ',');
    out->comma = true;
    if (key) {
        json_out_quote(out->buf, slice_of(key));
        buf_add_byte(out->buf, ':');
    }
}

static void json_out_open(struct json_out *out, const char *key, char bracket)
{
    json_out_lead(out, key);
    buf_add_byte(out->buf, bracket);
    out->comma = false;
}

static void json_out_shut(struct json_out *out, char bracket)
{
    buf_add_byte(out->buf, bracket);
    out->comma = true;
}

void json_out_begin_object(struct json_out *out, const char *key)
{
    json_out_open(out, key, '{');
}

void json_out_end_object(struct json_out *out)
{
    json_out_shut(out, '}');
}

void json_out_begin_array(struct json_out *out, const char *key)
{
    json_out_open(out, key, '[');
}

void json_out_end_array(struct json_out *out)
{
    json_out_shut(out, ']');
}

void json_out_text(struct json_out *out, const char *key, struct slice text)
{
    json_out_lead(out, key);
    json_out_quote(out->buf, text);
}

void json_out_number(struct json_out *out, const char *key, uint64_t number)
{
    json_out_lead(out, key);
    buf_add_number(out->buf, number);
}

void json_out_bool(struct json_out *out, const char *key, bool value)
{
    json_out_lead(out, key);
    buf_add_text(out->buf, value ? "true" : "false");
}

void json_out_null(struct json_out *out, const char *key)
{
    json_out_lead(out, key);
    buf_add_text(out->buf, "null");
}
