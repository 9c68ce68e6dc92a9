/*
 * cell.c - text of a value, made only where it isn't there already.
 */

#include "elrelay/core/carry/cell.h"

#include <assert.h>

#include "elrelay/ground/json.h"
#include "elrelay/ground/number.h"

/* A string with escapes, or a number that does not stand as it is printed. */
static struct slice cell_decoded(struct slice value, struct buf *room)
{
    struct json *node = json_parse(value);
    assert(node && "what has passed the scan is JSON");
    buf_cut(room, 0);
    if (json_kind(node) == JSON_TEXT) {
        buf_add(room, json_text(node));
    } else {
        char *text = buf_reserve(room, NUMBER_TEXT_MAX);
        room->len = text ? number_write(text, json_number(node)) : 0;
    }
    json_free(node);
    return buf_slice(room);
}

static struct slice cell_string(struct slice value, bool escaped, struct buf *room)
{
    return escaped ? cell_decoded(value, room) : slice_part(value, 1, value.len - 2);
}

struct slice cell_key(const struct scan_member *member, struct buf *room)
{
    bool escaped = memchr(member->key.ptr, '\\', member->key.len) != NULL;
    return cell_string(member->key, escaped, room);
}

/* Without the white space that stands outside of strings. */
static struct slice cell_compact(struct slice bytes, struct buf *room)
{
    buf_cut(room, 0);
    char *to = buf_reserve(room, bytes.len);
    if (!to)
        return buf_slice(room);
    bool in_string = false;
    for (size_t i = 0; i < bytes.len; i++) {
        char byte = bytes.ptr[i];
        if (!in_string && scan_is_space(byte))
            continue;
        *to++ = byte;
        if (byte == '"')
            in_string = !in_string;
        else if (in_string && byte == '\\')
            *to++ = bytes.ptr[++i];
    }
    room->len = (size_t)(to - room->ptr);
    return buf_slice(room);
}

struct slice cell_text(const struct scan_member *member, struct buf *room)
{
    struct slice value = member ? member->value : SLICE("null");
    switch (value.ptr[0]) {
    case 'n':
        return SLICE("");
    case 't':
    case 'f':
        return value;
    case '"':
        return cell_string(value, member->escaped, room);
    case '[':
    case '{':
        return cell_compact(value, room);
    default:
        return number_prints_itself(value) ? value : cell_decoded(value, room);
    }
}

/* U+2028 is E2 80 A8, U+2029 is E2 80 A9. */
static bool cell_separator_at(struct slice text, size_t at)
{
    return slice_is(slice_part(text, at, 2), SLICE("\xe2\x80")) && at + 2 < text.len &&
           (text.ptr[at + 2] == '\xa8' || text.ptr[at + 2] == '\xa9');
}

/* The offset of the first separator from `from` on, or text.len. */
static size_t cell_next_separator(struct slice text, size_t from)
{
    while (from < text.len && !cell_separator_at(text, from)) {
        const char *lead = memchr(text.ptr + from + 1, 0xe2, text.len - from - 1);
        from = lead ? (size_t)(lead - text.ptr) : text.len;
    }
    return from;
}

struct slice cell_space_separators(struct slice text, struct buf *room)
{
    size_t separator = cell_next_separator(text, 0);
    if (separator == text.len)
        return text;
    if (text.ptr != room->ptr) {
        buf_cut(room, 0);
        buf_add(room, text);
        text = buf_slice(room);
    }
    char *to = room->ptr + separator;
    while (separator < text.len) {
        size_t next = cell_next_separator(text, separator + 3);
        *to++ = ' ';
        memmove(to, text.ptr + separator + 3, next - separator - 3);
        to += next - separator - 3;
        separator = next;
    }
    buf_cut(room, (size_t)(to - room->ptr));
    return buf_slice(room);
}
