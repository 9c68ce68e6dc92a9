/*
 * scan.c - RFC 8259 as two steps in turn: a value begins, and what may follow a value.
 *
 * Open brackets stand in an array of fixed size instead of the call stack.
 */

#include "elrelay/ground/scan.h"

#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"
#include "scan_parts.h"

enum { SCAN_FIRST_CAP = 128, SCAN_KEYS_MAX = 64 * 1024 };

static void scan_skip_space(struct walk *walk)
{
    while (walk->at < walk->end && scan_is_space(*walk->at))
        walk->at++;
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
        scan->key_ends = mem_resize(scan->key_ends, scan->cap, sizeof(*scan->key_ends));
    }
    struct slice key = {first, (size_t)(walk->at - first)};
    scan->members[scan->count++] = (struct scan_member){.key = key};
}

/* The key that stood at this place in the event before; it has its quotes, so it is a whole
 * one. */
static bool scan_skip_same_key(struct walk *walk)
{
    const struct scan *scan = walk->scan;
    if (!scan->same_keys || scan->count >= scan->key_count)
        return false;
    size_t begin = scan->count ? scan->key_ends[scan->count - 1] : 0;
    size_t len = scan->key_ends[scan->count] - begin;
    if (len > scan_left(walk).len || memcmp(walk->at, scan->keys.ptr + begin, len) != 0)
        return false;
    walk->at += len;
    return true;
}

/* What stands where it stood is known to be well. */
static void scan_keep_keys(struct scan *scan)
{
    scan->keys.max = SCAN_KEYS_MAX;
    buf_clear(&scan->keys);
    for (size_t i = 0; i < scan->count; i++) {
        buf_add(&scan->keys, scan->members[i].key);
        scan->key_ends[i] = scan->keys.len;
    }
    scan->key_count = scan->keys.full ? 0 : scan->count;
}

static bool scan_is_in_member(const struct walk *walk)
{
    return walk->depth == 1 && walk->is_object;
}

static void scan_note_value_begin(struct walk *walk)
{
    if (!scan_is_in_member(walk))
        return;
    walk->scan->members[walk->scan->count - 1].value.ptr = walk->at;
    walk->escaped = false;
}

static void scan_note_value_end(struct walk *walk)
{
    if (!scan_is_in_member(walk) || walk->scan->count == 0)
        return;
    struct scan_member *member = &walk->scan->members[walk->scan->count - 1];
    member->value.len = (size_t)(walk->at - member->value.ptr);
    member->escaped = walk->escaped && member->value.ptr[0] == '"';
}

static enum scan_result scan_key(struct walk *walk)
{
    scan_skip_space(walk);
    const char *first = walk->at;
    bool in_member = scan_is_in_member(walk);
    if (!in_member || !scan_skip_same_key(walk)) {
        walk->scan->same_keys &= !in_member;
        enum scan_result result = scan_string(walk);
        if (result != SCAN_OK)
            return result;
    }
    if (in_member)
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
    walk.escaped = false;
    scan->count = 0;
    scan->same_keys = scan->key_count > 0;
    enum scan_result result = scan_text(&walk);
    scan->offset = (size_t)(walk.at - walk.start);
    if (result != SCAN_OK) {
        scan->count = 0;
        return result;
    }
    scan->same_keys &= scan->count == scan->key_count;
    if (!scan->same_keys)
        scan_keep_keys(scan);
    return SCAN_OK;
}

void scan_free(struct scan *scan)
{
    mem_free(scan->members);
    mem_free(scan->key_ends);
    buf_free(&scan->keys);
    *scan = (struct scan){0};
}
