#ifndef ELRELAY_GROUND_SCAN_PARTS_H
#define ELRELAY_GROUND_SCAN_PARTS_H

/*
 * scan_parts.h - a walk over the bytes of an event, and the part of it that passes strings.
 */

#include "elrelay/ground/scan.h"

struct walk {
    struct scan *scan;
    const char *start;
    const char *at;
    const char *end;
    size_t depth;
    bool value_next; /* a value must begin here */
    bool is_object;  /* the top level is one */
    bool escaped;    /* a backslash was met */
    char closers[SCAN_DEPTH_MAX];
};

static inline struct slice scan_left(const struct walk *walk)
{
    return (struct slice){walk->at, (size_t)(walk->end - walk->at)};
}

/* NUL at the end, which is no byte of JSON outside of strings. */
static inline char scan_peek(const struct walk *walk)
{
    if (walk->at == walk->end)
        return '\0';
    return *walk->at;
}

static inline bool scan_skip(struct walk *walk, char byte)
{
    if (scan_peek(walk) != byte)
        return false;
    walk->at++;
    return true;
}

static inline bool scan_at_digit(const struct walk *walk)
{
    return scan_peek(walk) >= '0' && scan_peek(walk) <= '9';
}

/* What to call a byte that no rule of the grammar allows here. */
enum scan_result scan_breach(const struct walk *walk);

/* From quote to quote; sets escaped on a backslash. */
enum scan_result scan_string(struct walk *walk);

#endif
