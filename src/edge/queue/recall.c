/*
 * recall.c - how far Redis knows of some batches, a part of them a call.
 */

#include "inside.h"

#include "elrelay/ground/mem.h"
#include "reply.h"

enum { RECALL_CHUNK = 500 };

struct recall_ask {
    struct queue *queue;
    struct uuid *ids;
    size_t count;
    struct recalled *rows;
    size_t at;
    recalled_fn *on_recalled;
    void *ctx;
};

static void recall_chunk(struct recall_ask *ask);

static size_t recall_part(const struct recall_ask *ask)
{
    size_t left = ask->count - ask->at;
    return left < RECALL_CHUNK ? left : RECALL_CHUNK;
}

static void recall_take(struct recall_ask *ask, const redisReply *reply)
{
    size_t part = recall_part(ask);
    for (size_t i = 0; i < part; i++)
        ask->rows[ask->at + i] = (struct recalled){
            .state = flow_state_of_word(reply_slice_at(reply, 1 + 2 * i)),
            .attempts = (uint32_t)reply_number_at(reply, 2 + 2 * i),
        };
    ask->at += part;
}

static void recall_on_reply(void *ctx, const redisReply *reply)
{
    struct recall_ask *ask = ctx;
    struct fault fault = {0};
    bool good = reply && reply_says(reply, "done");
    if (good)
        recall_take(ask, reply);
    if (good && ask->at < ask->count) {
        recall_chunk(ask);
        return;
    }
    struct recall_ask done = *ask;
    mem_free(ask);
    if (good) {
        done.on_recalled(done.ctx, done.rows);
    } else if (reply) {
        reply_fault(reply, "recall", &fault);
        queue_lose(done.queue, &fault);
    }
    mem_free(done.ids);
    mem_free(done.rows);
}

static void recall_chunk(struct recall_ask *ask)
{
    struct args *args = queue_script_args(ask->queue);
    size_t part = recall_part(ask);
    for (size_t i = 0; i < part; i++)
        args_add_text(args, ask->ids[ask->at + i].text);
    queue_call(ask->queue, "recall", recall_on_reply, ask);
}

void queue_recall(struct queue *queue, const struct uuid *ids, size_t count,
                  recalled_fn *on_recalled, void *ctx)
{
    struct recall_ask *ask = mem_zalloc(sizeof(*ask));
    *ask = (struct recall_ask){.queue = queue, .count = count, .on_recalled = on_recalled};
    ask->ctx = ctx;
    ask->ids = mem_zalloc_array(count, sizeof(*ids));
    memcpy(ask->ids, ids, count * sizeof(*ids));
    ask->rows = mem_zalloc_array(count, sizeof(*ask->rows));
    recall_chunk(ask);
}
