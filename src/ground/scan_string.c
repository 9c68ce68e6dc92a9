/*
 * scan_string.c - strings. Most bytes of an event lie inside of them and are nothing special;
 * they are passed eight at a time.
 */

#include "elrelay/ground/utf8.h"
#include "elrelay/ground/word.h"
#include "scan_parts.h"

enum scan_result scan_breach(const struct walk *walk)
{
    bool torn = walk->at < walk->end && utf8_sequence_len(scan_left(walk)) == 0;
    return torn ? SCAN_NOT_UTF8 : SCAN_NOT_JSON;
}

/* Plain is ASCII from 0x20 on, but neither quote nor backslash. */
static uint64_t scan_not_plain(uint64_t word)
{
    return word_is(word, '"') | word_is(word, '\\') | word_below(word, 0x20) |
           word_beyond_ascii(word);
}

static bool scan_byte_is_plain(char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void scan_skip_plain(struct walk *walk)
{
    while (walk->end - walk->at >= WORD_BYTES) {
        uint64_t marks = scan_not_plain(word_load(walk->at));
        walk->at += marks ? word_first(marks) : WORD_BYTES;
        if (marks)
            return;
    }
    while (walk->at < walk->end && scan_byte_is_plain(*walk->at))
        walk->at++;
}

/* Four hex digits behind \u, or -1. */
static int scan_hex4(struct walk *walk)
{
    int code = 0;
    for (int i = 0; i < 4; i++) {
        char byte = scan_peek(walk);
        char lower = (char)(byte | 0x20);
        if (scan_at_digit(walk))
            code = code * 16 + (byte - '0');
        else if (lower >= 'a' && lower <= 'f')
            code = code * 16 + (lower - 'a' + 10);
        else
            return -1;
        walk->at++;
    }
    return code;
}

static bool scan_is_high_half(int code)
{
    return code >= 0xd800 && code <= 0xdbff;
}

static bool scan_is_low_half(int code)
{
    return code >= 0xdc00 && code <= 0xdfff;
}

/* Behind a high half. */
static bool scan_other_half(struct walk *walk)
{
    return scan_skip(walk, '\\') && scan_skip(walk, 'u') && scan_is_low_half(scan_hex4(walk));
}

/* Behind \u; `escape` is where the backslash stands. */
static enum scan_result scan_unicode_escape(struct walk *walk, const char *escape)
{
    int code = scan_hex4(walk);
    if (code < 0)
        return scan_breach(walk);
    bool lone = scan_is_low_half(code) || (scan_is_high_half(code) && !scan_other_half(walk));
    if (code != 0 && !lone)
        return SCAN_OK;
    walk->at = escape;
    return lone ? SCAN_LONE_SURROGATE : SCAN_NUL_CHARACTER;
}

static enum scan_result scan_escape(struct walk *walk)
{
    const char *escape = walk->at++;
    walk->escaped = true;
    if (scan_skip(walk, 'u'))
        return scan_unicode_escape(walk, escape);
    char byte = scan_peek(walk);
    if (!byte || !strchr("\"\\/bfnrt", byte))
        return scan_breach(walk);
    walk->at++;
    return SCAN_OK;
}

/* Something in a string that is not plain and not its end. */
static enum scan_result scan_special(struct walk *walk)
{
    if (walk->at == walk->end)
        return SCAN_NOT_JSON;
    if (*walk->at == '\\')
        return scan_escape(walk);
    if ((unsigned char)*walk->at < 0x20)
        return SCAN_CONTROL_CHARACTER;
    size_t len = utf8_sequence_len(scan_left(walk));
    walk->at += len;
    return len ? SCAN_OK : SCAN_NOT_UTF8;
}

enum scan_result scan_string(struct walk *walk)
{
    if (!scan_skip(walk, '"'))
        return scan_breach(walk);
    enum scan_result result = SCAN_OK;
    while (result == SCAN_OK) {
        scan_skip_plain(walk);
        if (scan_skip(walk, '"'))
            return SCAN_OK;
        result = scan_special(walk);
    }
    return result;
}
