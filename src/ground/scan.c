/*
 * scan.c - RFC 8259 as two steps in turn: a value begins, and what may follow a value.
 *
 * Open brackets stand in an array of fixed size instead of the call stack. Most bytes of an
 * event lie inside strings and are nothing special; they are passed eight at a time.
 */

#include "elrelay/ground/scan.h"

#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"
#include "elrelay/ground/utf8.h"
#include "elrelay/ground/word.h"

enum { SCAN_FIRST_CAP = 128 };

struct walk {
    struct scan *scan;
    const char *start;
    const char *at;
    const char *end;
    size_t depth;
    bool value_next; /* a value must begin here */
    bool is_object;  /* the top level is one */
    char closers[SCAN_DEPTH_MAX];
};

static void scan_skip_space(struct walk *walk)
{
    while (walk->at < walk->end && scan_is_space(*walk->at))
        walk->at++;
}

static struct slice scan_left(const struct walk *walk)
{
    return (struct slice){walk->at, (size_t)(walk->end - walk->at)};
}

/* NUL at the end, which is no byte of JSON outside of strings. */
static char scan_peek(const struct walk *walk)
{
    if (walk->at == walk->end)
        return '\0';
    return *walk->at;
}

static bool scan_skip(struct walk *walk, char byte)
{
    if (scan_peek(walk) != byte)
        return false;
    walk->at++;
    return true;
}

static bool scan_at_digit(const struct walk *walk)
{
    return scan_peek(walk) >= '0' && scan_peek(walk) <= '9';
}

/* What to call a byte that no rule of the grammar allows here. */
static enum scan_result scan_breach(const struct walk *walk)
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

static enum scan_result scan_string(struct walk *walk)
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

static bool scan_digits(struct walk *walk)
{
    if (!scan_at_digit(walk))
        return false;
    while (scan_at_digit(walk))
        walk->at++;
    return true;
}

static bool scan_number_grammar(struct walk *walk)
{
    scan_skip(walk, '-');
    if (scan_skip(walk, '0') ? scan_at_digit(walk) : !scan_digits(walk))
        return false;
    if (scan_skip(walk, '.') && !scan_digits(walk))
        return false;
    if (!scan_skip(walk, 'e') && !scan_skip(walk, 'E'))
        return true;
    if (!scan_skip(walk, '-'))
        scan_skip(walk, '+');
    return scan_digits(walk);
}

static enum scan_result scan_number(struct walk *walk)
{
    const char *first = walk->at;
    if (!scan_number_grammar(walk))
        return scan_breach(walk);
    enum number_fate fate = number_fate((struct slice){first, (size_t)(walk->at - first)});
    if (fate == NUMBER_EXACT)
        return SCAN_OK;
    walk->at = first;
    return fate == NUMBER_TOO_LARGE ? SCAN_NUMBER_TOO_LARGE : SCAN_NUMBER_INEXACT;
}

static enum scan_result scan_word(struct walk *walk, const char *word)
{
    for (; *word; word++)
        if (!scan_skip(walk, *word))
            return scan_breach(walk);
    return SCAN_OK;
}

static void scan_note_key(struct walk *walk, const char *first)
{
    struct scan *scan = walk->scan;
    if (scan->count == scan->cap) {
        scan->cap = scan->cap ? scan->cap * 2 : SCAN_FIRST_CAP;
        scan->members = mem_resize(scan->members, scan->cap, sizeof(*scan->members));
    }
    struct slice key = {first, (size_t)(walk->at - first)};
    scan->members[scan->count++] = (struct scan_member){.key = key};
}

static bool scan_is_in_member(const struct walk *walk)
{
    return walk->depth == 1 && walk->is_object;
}

static void scan_note_value_begin(struct walk *walk)
{
    if (scan_is_in_member(walk))
        walk->scan->members[walk->scan->count - 1].value.ptr = walk->at;
}

static void scan_note_value_end(struct walk *walk)
{
    if (!scan_is_in_member(walk) || walk->scan->count == 0)
        return;
    struct slice *value = &walk->scan->members[walk->scan->count - 1].value;
    value->len = (size_t)(walk->at - value->ptr);
}

static enum scan_result scan_key(struct walk *walk)
{
    scan_skip_space(walk);
    const char *first = walk->at;
    enum scan_result result = scan_string(walk);
    if (result != SCAN_OK)
        return result;
    if (scan_is_in_member(walk))
        scan_note_key(walk, first);
    scan_skip_space(walk);
    return scan_skip(walk, ':') ? SCAN_OK : scan_breach(walk);
}

static enum scan_result scan_open(struct walk *walk, char closer)
{
    if (walk->depth == SCAN_DEPTH_MAX)
        return SCAN_TOO_DEEP;
    walk->closers[walk->depth++] = closer;
    walk->at++;
    scan_skip_space(walk);
    if (scan_skip(walk, closer)) {
        walk->depth--;
        return SCAN_OK;
    }
    walk->value_next = true;
    return closer == '}' ? scan_key(walk) : SCAN_OK;
}

/* A scalar is passed whole; of an array or object that is not empty only what stands before its
 * first value. */
static enum scan_result scan_begin_value(struct walk *walk)
{
    scan_skip_space(walk);
    scan_note_value_begin(walk);
    walk->value_next = false;
    switch (scan_peek(walk)) {
    case '"':
        return scan_string(walk);
    case '{':
        return scan_open(walk, '}');
    case '[':
        return scan_open(walk, ']');
    case 't':
        return scan_word(walk, "true");
    case 'f':
        return scan_word(walk, "false");
    case 'n':
        return scan_word(walk, "null");
    default:
        return scan_number(walk);
    }
}

/* Behind a value: brackets that close, up to the comma before the next value or the end of all.
 */
static enum scan_result scan_follow_value(struct walk *walk)
{
    while (walk->depth > 0) {
        scan_note_value_end(walk);
        scan_skip_space(walk);
        char closer = walk->closers[walk->depth - 1];
        if (scan_skip(walk, ',')) {
            walk->value_next = true;
            return closer == '}' ? scan_key(walk) : SCAN_OK;
        }
        if (!scan_skip(walk, closer))
            return scan_breach(walk);
        walk->depth--;
    }
    return SCAN_OK;
}

static enum scan_result scan_text(struct walk *walk)
{
    if (slice_is(slice_part(scan_left(walk), 0, 3), SLICE("\xef\xbb\xbf")))
        return SCAN_BOM;
    scan_skip_space(walk);
    if (walk->at == walk->end)
        return SCAN_EMPTY;
    const char *first = walk->at;
    walk->is_object = *first == '{';
    enum scan_result result = SCAN_OK;
    do {
        result = scan_begin_value(walk);
        if (result == SCAN_OK && !walk->value_next)
            result = scan_follow_value(walk);
    } while (result == SCAN_OK && walk->value_next);
    if (result != SCAN_OK)
        return result;
    scan_skip_space(walk);
    if (walk->at < walk->end)
        return SCAN_TRAILING_BYTES;
    walk->at = first;
    return walk->is_object ? SCAN_OK : SCAN_NOT_OBJECT;
}

enum scan_result scan_event(struct scan *scan, struct slice bytes)
{
    struct walk walk;
    walk.scan = scan;
    walk.start = bytes.len ? bytes.ptr : "";
    walk.at = walk.start;
    walk.end = walk.start + bytes.len;
    walk.depth = 0;
    walk.value_next = false;
    walk.is_object = false;
    scan->count = 0;
    enum scan_result result = scan_text(&walk);
    scan->offset = (size_t)(walk.at - walk.start);
    if (result != SCAN_OK)
        scan->count = 0;
    return result;
}

void scan_free(struct scan *scan)
{
    mem_free(scan->members);
    *scan = (struct scan){0};
}
