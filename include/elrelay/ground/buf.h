#ifndef ELRELAY_GROUND_BUF_H
#define ELRELAY_GROUND_BUF_H

/*
 * buf.h - bytes that grow, up to a ceiling.
 *
 * Every buffer is made with the most it may hold. An add that would pass the ceiling adds
 * nothing, returns false, and leaves `full` set, so that a row of adds can be checked once at
 * its end. `struct buf b = {0}` is a valid empty buffer that holds nothing.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/ground/slice.h"

struct buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max; /* the ceiling, in bytes */
    bool full;  /* an add was refused since init or clear */
};

/* Empty, with the ceiling given; takes no memory yet. */
void buf_init(struct buf *buf, size_t max);

/* Gives the memory back; the buffer holds nothing afterwards. Accepts a zeroed one. */
void buf_free(struct buf *buf);

/* Empties it and keeps its memory. */
void buf_clear(struct buf *buf);

/* Cuts it to its first len bytes. */
void buf_cut(struct buf *buf, size_t len);

/* As buf_reserve, where there may not be room yet. */
char *buf_grow(struct buf *buf, size_t more);

/* Room for more bytes behind len, or NULL and `full` at the ceiling. The caller writes there,
 * then adds to len. */
static inline char *buf_reserve(struct buf *buf, size_t more)
{
    bool fits = buf->ptr && buf->len <= buf->cap && more <= buf->cap - buf->len &&
                buf->cap <= buf->max;
    return fits ? buf->ptr + buf->len : buf_grow(buf, more);
}

static inline bool buf_add(struct buf *buf, struct slice bytes)
{
    char *room = buf_reserve(buf, bytes.len);
    if (room && bytes.len)
        memcpy(room, bytes.ptr, bytes.len);
    buf->len += room ? bytes.len : 0;
    return room != NULL;
}

static inline bool buf_add_byte(struct buf *buf, char byte)
{
    return buf_add(buf, (struct slice){&byte, 1});
}

bool buf_add_text(struct buf *buf, const char *text);
bool buf_add_number(struct buf *buf, uint64_t number);
bool buf_add_format(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What it holds; valid until the next change. */
static inline struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->ptr, buf->len};
}

/* What it holds as text with a NUL behind it; "" when the ceiling leaves no room. Valid until
 * the next change. */
const char *buf_text(struct buf *buf);

#endif
