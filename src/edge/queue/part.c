/*
 * part.c - a batch in doubt, and one that is split: looked, split, carve.
 *
 * A plan travels as runs: "a250d1a249" instead of five hundred letters.
 */

#include "ask.h"

#include "reply.h"
#include "said.h"

/* Looked */

static void looked_on_stored(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    ask->batch->manifest.looks = (uint32_t)reply_number_at(reply, 3);
    ask->batch->manifest.looked_ago_ms = 0;
    ask_next(ask);
}

static void looked_store(struct ask *ask)
{
    struct args *args = ask_args(ask);
    args_add_number(args, ask->batch->manifest.ver);
    ask_call(ask, "looked", looked_on_stored);
}

const ask_step part_looked_steps[] = {looked_store, NULL};

/* Split */

static const char *split_why(enum flow_event cause)
{
    if (cause == FLOW_ON_TOO_LARGE)
        return "too_large";
    return cause == FLOW_ON_ROWS_REFUSED ? "rows" : "items";
}

static void split_add_plan(struct args *args, struct slice fates)
{
    struct buf plan;
    buf_init(&plan, 2 * fates.len + 32);
    for (size_t from = 0, to = 0; from < fates.len; from = to) {
        while (to < fates.len && fates.ptr[to] == fates.ptr[from])
            to++;
        buf_add_byte(&plan, fates.ptr[from]);
        buf_add_number(&plan, to - from);
    }
    args_add(args, buf_slice(&plan));
    buf_free(&plan);
}

/* The id of a new batch, where an event goes there. */
static void split_add_child(struct args *args, const struct batch *batch, enum fate fate)
{
    bool used = batch->fates.len && memchr(batch->fates.ptr, (char)fate, batch->fates.len);
    args_add_text(args, used ? batch->children[fate == FATE_SECOND].text : "");
}

static void split_on_stored(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    said_check(ask, reply);
    ask->batch->manifest.carved = 0;
    ask_next(ask);
}

static void split_store(struct ask *ask)
{
    const struct batch *batch = ask->batch;
    struct args *args = ask_args(ask);
    args_add_number(args, batch->manifest.ver);
    split_add_plan(args, buf_slice(&batch->fates));
    split_add_child(args, batch, FATE_FIRST);
    split_add_child(args, batch, FATE_SECOND);
    args_add_text(args, split_why(batch->split_by));
    said_add(ask, args);
    ask_call(ask, "split", split_on_stored);
}

const ask_step part_split_steps[] = {split_store, NULL};

/* Carve: a chunk an act, so that the conductor has its turn in between. */

static void carve_on_stored(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    ask->batch->manifest.carved = reply_number_at(reply, 3);
    ask_next(ask);
}

static void carve_chunk(struct ask *ask)
{
    struct args *args = ask_args(ask);
    args_add_number(args, ask->batch->manifest.carved);
    args_add_number(args, ask->queue->setup.keep_ms);
    ask_call(ask, "carve", carve_on_stored);
}

const ask_step part_carve_steps[] = {carve_chunk, NULL};
