/*
 * batch.c - a batch's lists.
 */

#include "elrelay/core/relay/batch.h"

#include "elrelay/ground/mem.h"

enum { BATCH_FIRST_CAP = 64 };

void batch_init(struct batch *batch, const struct format_conf *format, size_t max_bytes)
{
    *batch = (struct batch){0};
    encoder_init(&batch->encoder, format, max_bytes);
    tracker_init(&batch->tracker, format);
    buf_init(&batch->letter_tracking, max_bytes);
}

void batch_clear(struct batch *batch)
{
    batch->manifest = (struct manifest){0};
    batch->receipt = (struct receipt){0};
    batch->remarks = NULL;
    batch->last_read = (struct stream_id){0};
    batch->reads_on = false;
    batch->id_count = 0;
    batch_clear_letters(batch);
    batch->mark_count = 0;
    batch->want = 0;
    batch->want_next = 0;
    batch->recalled = false;
    batch->lease = 0;
    batch->hold = HOLD_NONE;
    batch->move_refused = false;
    batch->move_absent = false;
    batch->outcome[0] = '\0';
    buf_clear(&batch->fates);
    encoder_release_body(&batch->encoder);
    encoder_clear(&batch->encoder);
}

void batch_free(struct batch *batch)
{
    mem_free(batch->ids);
    mem_free(batch->letters);
    mem_free(batch->marks);
    buf_free(&batch->fates);
    buf_free(&batch->letter_tracking);
    tracker_free(&batch->tracker);
    encoder_free(&batch->encoder);
    *batch = (struct batch){0};
}

static size_t batch_grown(size_t count, size_t cap)
{
    if (count < cap)
        return cap;
    return cap ? cap * 2 : BATCH_FIRST_CAP;
}

void batch_add_id(struct batch *batch, struct stream_id id)
{
    size_t cap = batch_grown(batch->id_count, batch->id_cap);
    if (cap != batch->id_cap)
        batch->ids = mem_resize(batch->ids, cap, sizeof(*batch->ids));
    batch->id_cap = cap;
    batch->ids[batch->id_count++] = id;
}

void batch_add_mark(struct batch *batch, const struct mark *mark)
{
    size_t cap = batch_grown(batch->mark_count, batch->mark_cap);
    if (cap != batch->mark_cap)
        batch->marks = mem_resize(batch->marks, cap, sizeof(*batch->marks));
    batch->mark_cap = cap;
    batch->marks[batch->mark_count++] = *mark;
}

bool batch_is_recalled_whole(const struct batch *batch)
{
    return batch->recall.count == batch->manifest.count &&
           memcmp(batch->recall.body, batch->manifest.sha256, RECALL_BODY_TEXT) == 0;
}

const struct uuid *manifest_wire_id(const struct manifest *manifest)
{
    return manifest->old.text[0] ? &manifest->old : &manifest->id;
}

/* An id that has no room is left out: then its receipt cannot be found by it. */
static void batch_add_letter_tracking(struct batch *batch, const struct event *event)
{
    struct slice id;
    if (event->has_bytes && tracker_find(&batch->tracker, event->bytes, &id))
        buf_add(&batch->letter_tracking, id);
}

void batch_add_letter(struct batch *batch, const struct event *event, struct blame blame)
{
    size_t cap = batch_grown(batch->letter_count, batch->letter_cap);
    if (cap != batch->letter_cap)
        batch->letters = mem_resize(batch->letters, cap, sizeof(*batch->letters));
    batch->letter_cap = cap;
    batch->letters[batch->letter_count++] = (struct letter){event->id, blame,
                                                            batch->letter_tracking.len};
    batch_add_letter_tracking(batch, event);
}

void batch_clear_letters(struct batch *batch)
{
    batch->letter_count = 0;
    buf_clear(&batch->letter_tracking);
}

struct slice batch_letter_tracking(const struct batch *batch, size_t letter)
{
    size_t begin = batch->letters[letter].tracking;
    size_t end = letter + 1 < batch->letter_count ? batch->letters[letter + 1].tracking
                                                  : batch->letter_tracking.len;
    return slice_part(buf_slice(&batch->letter_tracking), begin, end - begin);
}
