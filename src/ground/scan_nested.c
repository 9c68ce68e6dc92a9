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

static bool scan_has_escape(struct slice string)
{
    return memchr(string.ptr, '\\', string.len) != NULL;
}

/* Behind the opening bracket, or the comma or bracket that follows a value. */
static size_t scan_behind_punctuation(struct slice container, size_t at)
{
    return scan_space_end(container, scan_space_end(container, at) + 1);
}

bool scan_next(struct slice container, size_t *at, struct scan_member *member)
{
    size_t from = scan_behind_punctuation(container, *at);
    if (from + 1 >= container.len)
        return false;
    member->key = (struct slice){0};
    if (container.ptr[0] == '{') {
        size_t end = scan_string_end(container, from);
        member->key = slice_part(container, from, end - from);
        from = scan_behind_punctuation(container, end);
    }
    *at = scan_value_end(container, from);
    member->value = slice_part(container, from, *at - from);
    member->escaped = container.ptr[from] == '"' && scan_has_escape(member->value);
    return true;
}
