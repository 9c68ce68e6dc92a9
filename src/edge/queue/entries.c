/*
 * entries.c - sizes are learned from what was read, never asked for.
 */

#include "entries.h"

#include "elrelay/edge/queue/exception.h"
#include "reply.h"

size_t entries_count(const struct queue *queue, size_t want)
{
    size_t fit = ENTRIES_FIRST;
    if (queue->event_bytes)
        fit = ENTRIES_REPLY_BYTES / queue->event_bytes;
    if (want == 0)
        want = queue->setup.conf->peek_count;
    if (fit > PEEK_COUNT_MAX)
        fit = PEEK_COUNT_MAX;
    return fit < 1 ? 1 : fit < want ? fit : want;
}

size_t entries_enough(const redisReply *entries)
{
    size_t bytes = 0;
    size_t count = 0;
    while (count < entries->elements && bytes < ENTRIES_REPLY_BYTES)
        bytes += reply_slice_at(reply_at(entries->element[count++], 1), 1).len;
    return count;
}

void entries_learn_size(struct queue *queue, const struct event *events, size_t count, bool cut)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += events[i].bytes.len;
    size_t average = count ? sum / count + 1 : queue->event_bytes;
    if (average < queue->event_bytes)
        average = (3 * queue->event_bytes + average) / 4;
    if (cut && average < ENTRIES_REPLY_BYTES / 2)
        average = ENTRIES_REPLY_BYTES / 2; /* so that what was left is not read many times */
    queue->event_bytes = average;
}

void entries_read(struct ask *ask, const char *after, link_reply_fn on_reply)
{
    char consumer[UUID_TEXT_LEN + 3] = "b:";
    memcpy(consumer + 2, ask->batch->manifest.id.text, UUID_TEXT_LEN + 1);
    struct args *args = queue_args(ask->queue);
    args_add(args, SLICE("XREADGROUP"));
    args_add(args, SLICE("GROUP"));
    args_add(args, SLICE("elrelay"));
    args_add_text(args, consumer);
    args_add(args, SLICE("COUNT"));
    args_add_number(args, ask->asked);
    args_add(args, SLICE("STREAMS"));
    args_add_text(args, keys_name(&ask->queue->keys, KEY_STREAM));
    args_add_text(args, after);
    queue_send(ask->queue, on_reply, ask);
}

const redisReply *entries_of(const redisReply *reply)
{
    const redisReply *entries = reply_at(reply_at(reply, 0), 1);
    return entries && entries->type == REDIS_REPLY_ARRAY && entries->elements ? entries : NULL;
}

/* One field named event, behind it no more than what a replay notes. */
static bool entries_have_shape(const redisReply *fields)
{
    bool replayed = slice_is_text(reply_slice_at(fields, 2), "replays") &&
                    slice_is_text(reply_slice_at(fields, 4), "attempts");
    return slice_is_text(reply_slice_at(fields, 0), "event") && reply_at(fields, 1) &&
           !reply_at(fields, replayed ? 6 : 2);
}

/* Room for all at once, so that what is written first stays where it is; where there is none,
 * nothing is written. */
void entries_begin(struct queue *queue, const redisReply *entries, size_t count)
{
    size_t room = 0;
    buf_clear(&queue->texts);
    if (queue->setup.type != ROUTE_FORWARD)
        return;
    for (size_t i = 0; i < count; i++)
        room += exception_room(reply_at(entries->element[i], 1));
    buf_reserve(&queue->texts, room);
}

static bool entries_take_exception(struct queue *queue, const redisReply *fields,
                                   struct event *event)
{
    size_t from = queue->texts.len;
    if (queue->texts.full || !exception_write(&queue->texts, fields))
        return false;
    event->bytes = slice_part(buf_slice(&queue->texts), from, queue->texts.len);
    return true;
}

bool entries_take(struct queue *queue, const redisReply *entry, struct event *event)
{
    const redisReply *fields = reply_at(entry, 1);
    *event = (struct event){.gone = !fields || fields->type != REDIS_REPLY_ARRAY};
    if (queue->setup.type == ROUTE_FORWARD) {
        event->has_bytes = entries_take_exception(queue, fields, event);
    } else if (entries_have_shape(fields)) {
        event->has_bytes = true;
        event->bytes = reply_slice_at(fields, 1);
    }
    return stream_id_read(reply_slice_at(entry, 0), &event->id);
}
