/*
 * cell.c - text of a value, made only where it isn't there already.
 */

#include "elrelay/core/carry/cell.h"

#include "elrelay/ground/number.h"
#include "elrelay/ground/scan.h"

/* One text in room, with a NUL behind it. */
static struct slice cell_in_room(struct buf *room)
{
    const char *text = buf_text(room);
    return (struct slice){text, room->len};
}

static struct slice cell_number(double number, struct buf *room)
{
    buf_cut(room, 0);
    char *text = buf_reserve(room, NUMBER_TEXT_MAX);
    if (text)
        room->len = number_write(text, number);
    return cell_in_room(room);
}

/* Without the white space that stands outside of strings. */
static struct slice cell_compact(struct slice bytes, struct buf *room)
{
    buf_cut(room, 0);
    char *to = buf_reserve(room, bytes.len + 1);
    if (!to)
        return cell_in_room(room);
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
    return cell_in_room(room);
}

struct slice cell_text(const struct cell *cell, struct buf *room)
{
    if (!cell->value)
        return SLICE("");
    switch (json_kind(cell->value)) {
    case JSON_NULL:
        return SLICE("");
    case JSON_FALSE:
        return SLICE("false");
    case JSON_TRUE:
        return SLICE("true");
    case JSON_NUMBER:
        return cell_number(json_number(cell->value), room);
    case JSON_TEXT:
        return json_text(cell->value);
    case JSON_ARRAY:
    case JSON_OBJECT:
        return cell_compact(cell->bytes, room);
    }
    return SLICE("");
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
        text = cell_in_room(room);
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
    return cell_in_room(room);
}
