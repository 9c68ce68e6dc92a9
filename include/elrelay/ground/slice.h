#ifndef ELRELAY_GROUND_SLICE_H
#define ELRELAY_GROUND_SLICE_H

/*
 * slice.h - a borrowed run of bytes.
 *
 * A slice owns nothing, may hold any byte (NUL too), and is valid as long as what it points
 * into.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* A slice of a string literal, without its NUL. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})

/* For printf's "%.*s". */
#define SLICE_ARG(slice) (int)(slice).len, (slice).ptr

static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_is(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_is_text(struct slice a, const char *text)
{
    return slice_is(a, slice_of(text));
}

/* The part from offset on, at most len bytes; both are cut to what there is. */
static inline struct slice slice_part(struct slice a, size_t offset, size_t len)
{
    size_t from = offset < a.len ? offset : a.len;
    size_t left = a.len - from;
    return (struct slice){from ? a.ptr + from : a.ptr, len < left ? len : left};
}

/* The part before the next space; text goes on behind it, and is empty at its end. */
static inline struct slice slice_next_word(struct slice *text)
{
    const char *end = text->len ? memchr(text->ptr, ' ', text->len) : NULL;
    struct slice word = slice_part(*text, 0, end ? (size_t)(end - text->ptr) : text->len);
    *text = slice_part(*text, word.len + 1, text->len);
    return word;
}

#endif
