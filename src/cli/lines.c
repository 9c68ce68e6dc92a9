/*
 * lines.c - read(2) into one buffer, lines cut out of it where they stand.
 */

#include "cli/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { LINES_CHUNK = 256 * 1024, LINES_AHEAD = 2 * LINES_CHUNK };

void lines_init(struct lines *lines, int fd, size_t max)
{
    *lines = (struct lines){.fd = fd, .max = max};
    buf_init(&lines->buf, max + LINES_AHEAD);
}

void lines_free(struct lines *lines)
{
    buf_free(&lines->buf);
}

static struct slice lines_rest(const struct lines *lines)
{
    return slice_part(buf_slice(&lines->buf), lines->start, lines->buf.len);
}

static const char *lines_find_end(const struct lines *lines)
{
    struct slice rest = slice_part(lines_rest(lines), lines->seen, lines->buf.len);
    return rest.len > 0 ? memchr(rest.ptr, '\n', rest.len) : NULL;
}

/* What has been given out makes room for what comes. */
static void lines_drop_used(struct lines *lines)
{
    struct slice rest = lines_rest(lines);
    if (lines->start > 0 && rest.len > 0)
        memmove(lines->buf.ptr, rest.ptr, rest.len);
    buf_cut(&lines->buf, rest.len);
    lines->start = 0;
}

static bool lines_read(struct lines *lines, struct fault *fault)
{
    lines_drop_used(lines);
    char *to = buf_reserve(&lines->buf, LINES_CHUNK);
    if (!to || lines->buf.len > lines->max)
        return fault_set(fault, FAULT_GENERAL,
                         "line %llu is longer than %zu MiB, the most that is taken",
                         (unsigned long long)lines->number + 1, lines->max / 1024 / 1024);
    ssize_t got;
    do
        got = read(lines->fd, to, LINES_CHUNK);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fault_set(fault, FAULT_GENERAL, "cannot read standard input: %s",
                         strerror(errno));
    lines->buf.len += (size_t)got;
    lines->bytes += (size_t)got;
    lines->ended = got == 0;
    return true;
}

enum lines_result lines_next(struct lines *lines, struct slice *line, struct fault *fault)
{
    const char *end = lines_find_end(lines);
    while (!end && !lines->ended) {
        lines->seen = lines_rest(lines).len;
        if (!lines_read(lines, fault))
            return LINES_FAILED;
        end = lines_find_end(lines);
    }
    struct slice rest = lines_rest(lines);
    if (!end && rest.len == 0)
        return LINES_END;
    *line = (struct slice){rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len};
    lines->start += line->len + (end ? 1 : 0);
    lines->seen = 0;
    lines->number++;
    return LINES_ONE;
}

bool lines_would_wait(const struct lines *lines)
{
    if (lines->ended || lines_find_end(lines))
        return false;
    struct pollfd input = {.fd = lines->fd, .events = POLLIN};
    return poll(&input, 1, 0) == 0;
}

bool lines_is_blank(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t' && line.ptr[i] != '\r')
            return false;
    return true;
}
