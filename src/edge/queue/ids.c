/*
 * ids.c - text from ids and back.
 */

#include "ids.h"

#include "elrelay/ground/number.h"

void ids_write(struct buf *text, const struct stream_id *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(text, ',');
        if (i == 0 || ids[i].ms != ids[i - 1].ms)
            buf_add_number(text, ids[i].ms);
        buf_add_byte(text, '-');
        buf_add_number(text, ids[i].seq);
    }
}

static bool ids_read_one(struct slice word, struct stream_id *id)
{
    const char *dash = word.len ? memchr(word.ptr, '-', word.len) : NULL;
    size_t head = dash ? (size_t)(dash - word.ptr) : 0;
    return dash && (head == 0 || number_read_u64(slice_part(word, 0, head), &id->ms)) &&
           number_read_u64(slice_part(word, head + 1, word.len), &id->seq);
}

bool ids_read(struct slice text, struct batch *batch)
{
    struct stream_id id = {0};
    for (size_t at = 0; text.ptr && at < text.len;) {
        struct slice rest = slice_part(text, at, text.len);
        const char *comma = memchr(rest.ptr, ',', rest.len);
        size_t len = comma ? (size_t)(comma - rest.ptr) : rest.len;
        if (!ids_read_one(slice_part(rest, 0, len), &id))
            return false;
        batch_add_id(batch, id);
        at += len + 1;
    }
    return text.len > 0;
}
