/*
 * buf.c - bytes that grow by doubling and stop at a ceiling with a name.
 */

#include "elrelay/ground/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "elrelay/ground/mem.h"

enum { BUF_FIRST_CAP = 256 };

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_free(struct buf *buf)
{
    mem_free(buf->ptr);
    *buf = (struct buf){.max = buf->max};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->full = false;
}

void buf_cut(struct buf *buf, size_t len)
{
    if (len < buf->len)
        buf->len = len;
}

static size_t buf_next_cap(const struct buf *buf, size_t need)
{
    size_t cap = buf->cap ? buf->cap : BUF_FIRST_CAP;
    while (cap < need)
        cap = cap > buf->max / 2 ? buf->max : cap * 2;
    return cap < buf->max ? cap : buf->max;
}

char *buf_grow(struct buf *buf, size_t more)
{
    if (buf->len > buf->max || more > buf->max - buf->len) {
        buf->full = true;
        return NULL;
    }
    size_t need = buf->len + more;
    if (need > buf->cap || !buf->ptr) {
        buf->cap = buf_next_cap(buf, need);
        buf->ptr = mem_resize(buf->ptr, buf->cap, 1);
    }
    return buf->ptr + buf->len;
}

bool buf_add_text(struct buf *buf, const char *text)
{
    return buf_add(buf, slice_of(text));
}

bool buf_add_number(struct buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return buf_add(buf, (struct slice){digits + at, sizeof(digits) - at});
}

bool buf_add_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = need < 0 ? NULL : buf_reserve(buf, (size_t)need + 1);
    if (!room)
        return false;
    va_start(args, format);
    vsnprintf(room, (size_t)need + 1, format, args);
    va_end(args);
    buf->len += (size_t)need;
    return true;
}

const char *buf_text(struct buf *buf)
{
    char *room = buf_reserve(buf, 1);
    if (!room)
        return "";
    *room = '\0';
    return buf->ptr;
}
