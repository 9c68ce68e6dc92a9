/*
 * scan_nested.c - finding values in bytes that have passed scan_event.
 *
 * The grammar is taken for granted here: brackets match and strings end.
 */

#include "elrelay/ground/scan.h"

static size_t scan_string_end(struct slice bytes, size_t offset)
{
    size_t at = offset + 1;
    while (at < bytes.len && bytes.ptr[at] != '"')
        at += bytes.ptr[at] == '\\' ? 2 : 1;
    return at + 1;
}

static bool scan_is_punctuation(char byte)
{
    return scan_is_space(byte) || (byte && strchr("[]{},:", byte));
}

/* A string, a scalar, or one byte of punctuation: the next offset behind it. */
static size_t scan_token_end(struct slice bytes, size_t offset)
{
    if (bytes.ptr[offset] == '"')
        return scan_string_end(bytes, offset);
    size_t at = offset + 1;
    if (!scan_is_punctuation(bytes.ptr[offset]))
        while (at < bytes.len && !scan_is_punctuation(bytes.ptr[at]))
            at++;
    return at;
}

size_t scan_value_end(struct slice bytes, size_t offset)
{
    size_t depth = 0;
    size_t at = offset;
    do {
        char byte = bytes.ptr[at];
        depth += byte == '{' || byte == '[';
        depth -= byte == '}' || byte == ']';
        at = scan_token_end(bytes, at);
    } while (depth > 0 && at < bytes.len);
    return at;
}

static size_t scan_space_end(struct slice bytes, size_t offset)
{
    while (offset < bytes.len && scan_is_space(bytes.ptr[offset]))
        offset++;
    return offset;
}

struct slice scan_child(struct slice container, size_t index)
{
    bool object = container.ptr[0] == '{';
    size_t at = scan_space_end(container, 1);
    while (at + 1 < container.len) {
        if (object)
            at = scan_space_end(container,
                                scan_space_end(container, scan_string_end(container, at)) + 1);
        size_t end = scan_value_end(container, at);
        if (index-- == 0)
            return slice_part(container, at, end - at);
        at = scan_space_end(container, scan_space_end(container, end) + 1);
    }
    return (struct slice){0};
}
