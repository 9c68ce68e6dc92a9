/*
 * load.c - the events of a sealed batch once more, in order, in chunks.
 *
 * Membership is the manifest: what is pending under the batch and not named there is passed
 * over, what is named and not there any more is reported as gone.
 */

#include "entries.h"

#include "elrelay/ground/mem.h"
#include "ids.h"
#include "reply.h"

static void load_on_ids(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    struct batch *batch = ask->batch;
    struct fault fault = {0};
    if (!reply) {
        ask_free(ask);
        return;
    }
    bool read = reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; read && i < reply->elements; i++)
        read = ids_read(reply_slice_at(reply, i), batch);
    if (read && batch->id_count == batch->manifest.count) {
        ask_next(ask);
        return;
    }
    batch->id_count = 0;
    if (reply->type == REDIS_REPLY_ARRAY)
        fault_set(&fault, FAULT_REDIS, "the manifest does not name the %llu events it counts",
                  (unsigned long long)batch->manifest.count);
    else
        reply_fault(reply, "load", &fault);
    ask_fail(ask, &fault);
}

static void load_ids(struct ask *ask)
{
    struct batch *batch = ask->batch;
    if (batch->id_count == batch->manifest.count) {
        ask_next(ask);
        return;
    }
    batch->id_count = 0;
    struct args *args = queue_args(ask->queue);
    args_add(args, SLICE("HMGET"));
    args_add_manifest_key(args, ask->queue, batch->manifest.id.text);
    struct buf text;
    buf_init(&text, 64);
    for (uint64_t at = 0; at < batch->manifest.count; at += IDS_PER_FIELD) {
        buf_clear(&text);
        buf_add_format(&text, "ids:%llu", (unsigned long long)at);
        args_add(args, buf_slice(&text));
    }
    buf_free(&text);
    queue_send(ask->queue, load_on_ids, ask);
}

struct load_chunk {
    struct event *events;
    size_t count;
};

/* Named ids below this entry are gone; the entry itself counts where it is named. */
static void load_take_entry(struct ask *ask, const redisReply *entry, struct load_chunk *chunk)
{
    const struct batch *batch = ask->batch;
    struct event event;
    if (!entries_take(ask->queue, entry, &event))
        return;
    ask->after = event.id;
    while (ask->at < batch->id_count && stream_id_compare(batch->ids[ask->at], event.id) < 0)
        chunk->events[chunk->count++] = (struct event){.id = batch->ids[ask->at++],
                                                       .gone = true};
    if (ask->at < batch->id_count && stream_id_compare(batch->ids[ask->at], event.id) == 0) {
        chunk->events[chunk->count++] = event;
        ask->at++;
    }
}

static void load_take(struct ask *ask, const redisReply *entries, struct load_chunk *chunk)
{
    const struct batch *batch = ask->batch;
    size_t enough = entries ? entries_enough(entries) : 0;
    chunk->events = mem_zalloc_array(batch->id_count - ask->at, sizeof(*chunk->events));
    if (entries)
        entries_begin(ask->queue, entries, enough);
    for (size_t i = 0; i < enough; i++)
        load_take_entry(ask, entries->element[i], chunk);
    while (!entries && ask->at < batch->id_count)
        chunk->events[chunk->count++] = (struct event){.id = batch->ids[ask->at++],
                                                       .gone = true};
    entries_learn_size(ask->queue, chunk->events, chunk->count,
                       entries && enough < entries->elements);
}

/* The next chunk is asked for before this one is handed up: nothing is touched after that. */
static void load_on_read(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!reply || reply->type != REDIS_REPLY_ARRAY) {
        ask_goes_on(ask, reply);
        return;
    }
    const struct queue_events events = ask->queue->events;
    struct batch *batch = ask->batch;
    struct load_chunk chunk = {0};
    load_take(ask, entries_of(reply), &chunk);
    bool whole = ask->at == batch->id_count;
    if (!whole)
        ask_again(ask);
    if (chunk.count)
        events.on_events(events.ctx, ACT_LOAD, batch, chunk.events, chunk.count);
    mem_free(chunk.events);
    if (whole)
        ask_next(ask);
}

static void load_read(struct ask *ask)
{
    char after[STREAM_ID_TEXT_MAX];
    stream_id_write(after, ask->after);
    ask->asked = entries_count(ask->queue, ask->queue->setup.conf->peek_count);
    entries_read(ask, after, load_on_read);
}

const ask_step load_steps[] = {load_ids, load_read, NULL};
