/*
 * utf8.c - the table of well-formed byte sequences (Unicode, table 3-7) as ranges of the second
 * byte.
 */

#include "elrelay/ground/utf8.h"

#include <stdbool.h>

static const struct utf8_form {
    unsigned char first_low;
    unsigned char first_high;
    unsigned char second_low;
    unsigned char second_high;
    size_t len; /* bytes from the third on are 80 to bf */
} utf8_forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool utf8_is_in(char byte, unsigned char low, unsigned char high)
{
    return (unsigned char)byte >= low && (unsigned char)byte <= high;
}

/* bytes begins with a first byte of this form; the rest must follow. */
static bool utf8_is_whole(struct slice bytes, const struct utf8_form *form)
{
    if (bytes.len < form->len || !utf8_is_in(bytes.ptr[1], form->second_low, form->second_high))
        return false;
    for (size_t at = 2; at < form->len; at++)
        if (!utf8_is_in(bytes.ptr[at], 0x80, 0xbf))
            return false;
    return true;
}

size_t utf8_sequence_len(struct slice bytes)
{
    if (bytes.len == 0)
        return 0;
    if (utf8_is_in(bytes.ptr[0], 0, 0x7f))
        return 1;
    for (size_t i = 0; i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++)
        if (utf8_is_in(bytes.ptr[0], utf8_forms[i].first_low, utf8_forms[i].first_high))
            return utf8_is_whole(bytes, &utf8_forms[i]) ? utf8_forms[i].len : 0;
    return 0;
}

size_t utf8_valid_len(struct slice bytes)
{
    size_t at = 0;
    while (at < bytes.len) {
        size_t len = utf8_sequence_len(slice_part(bytes, at, 4));
        if (!len)
            break;
        at += len;
    }
    return at;
}
