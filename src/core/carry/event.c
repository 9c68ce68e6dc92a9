/*
 * event.c - ids of a stream, as Redis writes them.
 */

#include "elrelay/core/carry/event.h"

#include <inttypes.h>
#include <stdio.h>

#include "elrelay/ground/number.h"

size_t stream_id_write(char text[STREAM_ID_TEXT_MAX], struct stream_id id)
{
    return (size_t)snprintf(text, STREAM_ID_TEXT_MAX, "%" PRIu64 "-%" PRIu64, id.ms, id.seq);
}

bool stream_id_read(struct slice text, struct stream_id *id)
{
    const char *dash = text.len ? memchr(text.ptr, '-', text.len) : NULL;
    if (!dash)
        return false;
    size_t len = (size_t)(dash - text.ptr);
    struct stream_id told;
    if (!number_read_u64(slice_part(text, 0, len), &told.ms) ||
        !number_read_u64(slice_part(text, len + 1, text.len), &told.seq))
        return false;
    *id = told;
    return true;
}

int stream_id_compare(struct stream_id a, struct stream_id b)
{
    if (a.ms != b.ms)
        return a.ms < b.ms ? -1 : 1;
    return (a.seq > b.seq) - (a.seq < b.seq);
}
