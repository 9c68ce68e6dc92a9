/*
 * form.c - how a batch comes to be: begin, peek, bury, seal.
 *
 * Ids only grow within a batch. So a peek first leases what was given back above the last id
 * read, then reads what is pending under the batch above it, and only when there is nothing
 * reads on. From then on it only reads on: what is given back meanwhile is for the next batch.
 * And it reads ahead, a chunk at a time: Redis works while the conversion does.
 */

#include "entries.h"

#include "elrelay/edge/host/crash.h"
#include "elrelay/edge/queue/receipt.h"
#include "elrelay/ground/mem.h"
#include "ids.h"
#include "reply.h"

enum { SEAL_CHUNK = 2000, BURY_CHUNK = 25, PEEK_READ_ON = 2 };

/* Begin */

static void begin_on_stored(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    ask->batch->manifest.mine = true;
    ask_next(ask);
}

static void begin_store(struct ask *ask)
{
    ask_args(ask);
    ask_call(ask, "begin", begin_on_stored);
}

const ask_step form_begin_steps[] = {begin_store, NULL};

/* Peek */

static void peek_on_taken(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (ask_goes_on(ask, reply))
        ask_next(ask);
}

static void peek_take(struct ask *ask)
{
    struct args *args = ask_args(ask);
    args_add_id(args, ask->batch->last_read);
    args_add_number(args, entries_count(ask->queue, ask->batch->want));
    ask_call(ask, "take", peek_on_taken);
}

static void peek_deliver(struct ask *ask, const struct event *events, size_t count)
{
    struct queue *queue = ask->queue;
    struct batch *batch = ask->batch;
    ask_free(ask);
    queue->events.on_events(queue->events.ctx, ACT_PEEK, batch, events, count);
}

static void peek_on_read_on(void *ctx, const redisReply *reply);

/* Redis reads the next chunk while this one is converted. Not where this one was short: then
 * there is hardly more. */
static void peek_ahead(struct ask *ask, size_t count)
{
    struct queue *queue = ask->queue;
    if (!ask->batch->want_next || count < ask->asked)
        return;
    queue->ahead = mem_zalloc(sizeof(*queue->ahead));
    *queue->ahead = (struct ask){.queue = queue,
                                 .act = ACT_PEEK,
                                 .batch = ask->batch,
                                 .step = ask->step,
                                 .is_ahead = true,
                                 .asked = entries_count(queue, ask->batch->want_next)};
    entries_read(queue->ahead, ">", peek_on_read_on);
}

/* An empty history is an array with an empty list in it, nothing new is nil. */
static void peek_on_read(struct ask *ask, const redisReply *reply)
{
    const redisReply *entries = entries_of(reply);
    if (!entries) {
        if (reply && (reply->type == REDIS_REPLY_NIL || reply->type == REDIS_REPLY_ARRAY))
            ask_next(ask);
        else
            ask_goes_on(ask, reply);
        return;
    }
    struct batch *batch = ask->batch;
    size_t enough = entries_enough(entries);
    bool cut = enough < entries->elements;
    struct event *events = mem_zalloc_array(enough, sizeof(*events));
    size_t count = 0;
    entries_begin(ask->queue, entries, enough);
    for (size_t i = 0; i < enough; i++)
        if (entries_take(ask->queue, entries->element[i], &events[count]))
            batch->last_read = events[count++].id;
    entries_learn_size(ask->queue, events, count, cut);
    batch->reads_on &= !cut;
    if (batch->reads_on)
        peek_ahead(ask, count);
    peek_deliver(ask, events, count);
    mem_free(events);
}

static void peek_on_read_back(void *ctx, const redisReply *reply)
{
    peek_on_read(ctx, reply);
}

static void peek_read_back(struct ask *ask)
{
    char after[STREAM_ID_TEXT_MAX];
    stream_id_write(after, ask->batch->last_read);
    ask->asked = entries_count(ask->queue, ask->batch->want);
    entries_read(ask, after, peek_on_read_back);
}

/* What was read ahead for nobody is pending under the batch: it is read back, or given back
 * when the batch is sealed. */
static void peek_on_read_on(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (ask->queue->ahead == ask)
        ask->queue->ahead = NULL;
    if (!ask->is_ahead) {
        peek_on_read(ask, reply);
        return;
    }
    if (reply)
        ask->batch->reads_on = false;
    ask_free(ask);
}

static void peek_read_on(struct ask *ask)
{
    ask->batch->reads_on = true;
    ask->asked = entries_count(ask->queue, ask->batch->want);
    entries_read(ask, ">", peek_on_read_on);
}

static void peek_begin(struct ask *ask)
{
    struct ask *ahead = ask->queue->ahead;
    if (ahead && ahead->batch == ask->batch) {
        ahead->is_ahead = false;
        ask_free(ask);
    } else if (ask->batch->reads_on) {
        ask->step = form_peek_steps + PEEK_READ_ON;
        peek_read_on(ask);
    } else {
        peek_take(ask);
    }
}

/* Behind the last step: the queue is drained. */
const ask_step form_peek_steps[] = {peek_begin, peek_read_back, peek_read_on, NULL};

/* Bury */

static void bury_chunk(struct ask *ask);

static void bury_on_buried(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_goes_on(ask, reply))
        return;
    ask->at += BURY_CHUNK;
    if (ask->at >= ask->batch->letter_count) {
        ask_next(ask);
        return;
    }
    CRASH_PASS(CRASH_BURY_CHUNK);
    ask_again(ask);
}

static void form_add_mark(struct buf *marks, struct slice tracking_id)
{
    uint8_t mark[RECEIPT_MARK_BYTES];
    receipt_mark(tracking_id, mark);
    buf_add(marks, (struct slice){(const char *)mark, sizeof(mark)});
}

static void bury_add_marks(struct args *args, const struct batch *batch, size_t from, size_t to)
{
    struct buf marks;
    buf_init(&marks, (size_t)BURY_CHUNK * RECEIPT_MARK_BYTES);
    for (size_t i = from; i < to; i++)
        form_add_mark(&marks, batch_letter_tracking(batch, i));
    args_add(args, buf_slice(&marks));
    buf_free(&marks);
}

static void bury_chunk(struct ask *ask)
{
    const struct batch *batch = ask->batch;
    size_t left = batch->letter_count - ask->at;
    size_t to = ask->at + (left < BURY_CHUNK ? left : BURY_CHUNK);
    struct args *args = ask_args(ask);
    args_add(args, SLICE("convert"));
    bury_add_marks(args, batch, ask->at, to);
    for (size_t i = ask->at; i < to; i++) {
        const struct letter *letter = &batch->letters[i];
        args_add_id(args, letter->id);
        args_add_text(args, reason_word(letter->blame.reason));
        args_add_number(args, letter->blame.offset);
        args_add_number(args, letter->blame.column);
    }
    ask_call(ask, "bury", bury_on_buried);
}

const ask_step form_bury_steps[] = {bury_chunk, NULL};

/* Seal */

static void seal_on_stored(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    struct batch *batch = ask->batch;
    ask->at += SEAL_CHUNK;
    if (ask->at < batch->id_count) {
        CRASH_PASS(CRASH_SEAL_CHUNK);
        ask_again(ask);
        return;
    }
    batch->manifest.count = batch->id_count;
    batch->manifest.drained = 0;
    ask_next(ask);
}

/* All rows with the last chunk: nothing where events have no tracking id. */
static void seal_add_marks(struct args *args, const struct batch *batch, bool last)
{
    const struct encoder *encoder = &batch->encoder;
    bool known = encoder->conf && encoder->conf->tracking_id && encoder->rows &&
                 encoder->count == batch->id_count;
    struct buf marks;
    buf_init(&marks, batch->id_count * RECEIPT_MARK_BYTES);
    for (size_t i = 0; last && known && i < encoder->count; i++)
        form_add_mark(&marks, encoder_tracking_id(encoder, i));
    args_add(args, buf_slice(&marks));
    buf_free(&marks);
}

static void seal_add_ids(struct args *args, const struct batch *batch, size_t from, size_t to)
{
    struct buf text;
    buf_init(&text, (size_t)IDS_PER_FIELD * STREAM_ID_TEXT_MAX);
    for (size_t i = from; i < to; i += IDS_PER_FIELD) {
        size_t left = to - i;
        buf_clear(&text);
        ids_write(&text, batch->ids + i, left < IDS_PER_FIELD ? left : IDS_PER_FIELD);
        args_add(args, buf_slice(&text));
    }
    buf_free(&text);
}

static void seal_chunk(struct ask *ask)
{
    const struct queue *queue = ask->queue;
    const struct batch *batch = ask->batch;
    size_t left = batch->id_count - ask->at;
    struct args *args = ask_args(ask);
    args_add_number(args, batch->manifest.ver);
    args_add_number(args, ask->at);
    args_add_number(args, batch->id_count);
    args_add_text(args, queue->setup.format_text);
    seal_add_marks(args, batch, left <= SEAL_CHUNK);
    seal_add_ids(args, batch, ask->at, ask->at + (left < SEAL_CHUNK ? left : SEAL_CHUNK));
    ask_call(ask, "seal", seal_on_stored);
}

const ask_step form_seal_steps[] = {seal_chunk, NULL};
