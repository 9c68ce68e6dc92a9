/*
 * say.c - numbers with thousands parted, ages and sizes in one unit.
 */

#include "cli/say.h"

#include <inttypes.h>
#include <stdio.h>

#include "elrelay/ground/utf8.h"

const char *say_number(char text[SAY_MAX], uint64_t number)
{
    char digits[SAY_MAX];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    char *to = text;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

const char *say_count(char text[SAY_MAX], uint64_t number, const char *one, const char *ending)
{
    char digits[SAY_MAX];
    snprintf(text, SAY_MAX, "%.32s %.16s%.8s", say_number(digits, number), one,
             number == 1 ? "" : ending);
    return text;
}

struct say_unit {
    uint64_t size;
    const char *name;
};

const char *say_age(char text[SAY_MAX], uint64_t ms)
{
    static const struct say_unit units[] = {
        {86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    const struct say_unit *unit = units;
    while (unit->size > 1 && ms < 2 * unit->size)
        unit++;
    snprintf(text, SAY_MAX, "%" PRIu64 " %s", ms / unit->size, unit->name);
    return text;
}

const char *say_size(char text[SAY_MAX], uint64_t bytes)
{
    static const struct say_unit units[] = {
        {1000000000, "GB"}, {1000000, "MB"}, {1000, "kB"}, {1, "B"}};
    const struct say_unit *unit = units;
    while (unit->size > 1 && bytes < unit->size)
        unit++;
    if (unit->size == 1)
        snprintf(text, SAY_MAX, "%" PRIu64 " B", bytes);
    else
        snprintf(text, SAY_MAX, "%" PRIu64 ".%" PRIu64 " %s", bytes / unit->size,
                 bytes % unit->size / (unit->size / 10), unit->name);
    return text;
}

/* Of well-formed UTF-8: not a control character of C0 or C1. */
static bool say_is_printable(struct slice bytes, size_t at)
{
    unsigned char byte = (unsigned char)bytes.ptr[at];
    unsigned char next = at + 1 < bytes.len ? (unsigned char)bytes.ptr[at + 1] : 0;
    bool is_c1 = byte == 0xc2 && next < 0xa0;
    bool is_end_of_c1 = byte < 0xa0 && at > 0 && (unsigned char)bytes.ptr[at - 1] == 0xc2;
    return byte >= ' ' && byte != 0x7f && !is_c1 && !is_end_of_c1;
}

void say_bytes(struct slice bytes)
{
    while (bytes.len > 0) {
        size_t valid = utf8_valid_len(bytes);
        for (size_t i = 0; i < valid; i++)
            if (say_is_printable(bytes, i))
                putchar(bytes.ptr[i]);
            else
                printf("\\x%02x", (unsigned char)bytes.ptr[i]);
        bytes = slice_part(bytes, valid, bytes.len);
        if (bytes.len > 0)
            printf("\\x%02x", (unsigned char)bytes.ptr[0]);
        bytes = slice_part(bytes, 1, bytes.len);
    }
    putchar('\n');
}

void say_json_begin(struct say_json *json)
{
    buf_init(&json->buf, SAY_JSON_MAX);
    json->out = (struct json_out){.buf = &json->buf};
}

void say_json_end(struct say_json *json, bool wanted)
{
    buf_add_byte(&json->buf, '\n');
    if (wanted)
        fwrite(json->buf.ptr, 1, json->buf.len, stdout);
    buf_free(&json->buf);
}

void say_json_begin_routes(struct say_json *json)
{
    say_json_begin(json);
    json_out_begin_object(&json->out, NULL);
    json_out_begin_array(&json->out, "routes");
}

void say_json_end_routes(struct say_json *json, bool wanted)
{
    json_out_end_array(&json->out);
    json_out_end_object(&json->out);
    say_json_end(json, wanted);
}

void say_json_bytes(struct json_out *out, const char *key, struct slice bytes)
{
    if (utf8_valid_len(bytes) == bytes.len) {
        json_out_text(out, key, bytes);
        return;
    }
    struct buf hex;
    char name[SAY_MAX];
    buf_init(&hex, 2 * bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        buf_add_byte(&hex, "0123456789abcdef"[(unsigned char)bytes.ptr[i] >> 4]);
        buf_add_byte(&hex, "0123456789abcdef"[(unsigned char)bytes.ptr[i] & 15]);
    }
    snprintf(name, sizeof(name), "%s_hex", key);
    json_out_text(out, name, buf_slice(&hex));
    buf_free(&hex);
}
