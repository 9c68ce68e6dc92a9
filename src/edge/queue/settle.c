/*
 * settle.c - the life of a sealed batch: send, move, accept, drain, adopt, abandon.
 */

#include "ask.h"

#include "elrelay/edge/host/crash.h"
#include "reply.h"
#include "said.h"

/* Send: between the mark and the look at it stands whatever makes the mark durable. */

static void send_on_stored(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    struct manifest *manifest = &ask->batch->manifest;
    manifest->attempts = (uint32_t)reply_number_at(reply, 3);
    manifest->first_unix_ms = reply_number_at(reply, 4);
    manifest->sent_ago_ms = 0;
    manifest->looks = 0;
    ask_next(ask);
}

static void send_store(struct ask *ask)
{
    const struct manifest *manifest = &ask->batch->manifest;
    struct args *args = ask_args(ask);
    args_add_number(args, manifest->ver);
    args_add_text(args, manifest->sha256);
    args_add_number(args, manifest->bytes);
    args_add_text(args, ask->queue->setup.format_text);
    args_add_text(args, ask->queue->setup.endpoint_text);
    args_add_number(args, ask->queue->setup.max_unknown);
    ask_call(ask, "send", send_on_stored);
}

static void send_on_seen(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    struct fault fault = {0};
    if (!reply) {
        ask_free(ask);
        return;
    }
    const struct manifest *manifest = &ask->batch->manifest;
    if (reply->type != REDIS_REPLY_ARRAY) {
        reply_fault(reply, "send", &fault);
        ask_fail(ask, &fault);
    } else if (slice_is_text(reply_slice_at(reply, 0), "sending") &&
               slice_is_text(reply_slice_at(reply, 1), ask->queue->setup.token) &&
               reply_number_at(reply, 2) == manifest->ver &&
               reply_number_at(reply, 3) == manifest->attempts) {
        ask->batch->lease = ask->queue->gaps;
        ask_next(ask);
    } else {
        log_write(LOG_ERROR, "mark_lost", log_word("route", ask->queue->setup.route),
                  log_id("batch", &manifest->id));
        ask_end(ask, PORT_REFUSED);
    }
}

static void send_see(struct ask *ask)
{
    struct args *args = queue_args(ask->queue);
    args_add(args, SLICE("HMGET"));
    args_add_manifest_key(args, ask->queue, ask->batch->manifest.id.text);
    args_add(args, SLICE("state"));
    args_add(args, SLICE("owner"));
    args_add(args, SLICE("ver"));
    args_add(args, SLICE("attempts"));
    queue_send(ask->queue, send_on_seen, ask);
}

const ask_step settle_send_steps[] = {send_store, durable_wait, send_see, NULL};

/* Abandon: entries go back, a chunk a call. */

static void abandon_on_given_back(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    if (!reply_number_at(reply, 3)) {
        ask_next(ask);
        return;
    }
    CRASH_PASS(CRASH_ABANDON_CHUNK);
    ask_again(ask);
}

static void abandon_chunk(struct ask *ask)
{
    struct args *args = ask_args(ask);
    args_add_number(args, ask->batch->manifest.ver);
    args_add_number(args, ask->queue->setup.keep_ms);
    ask_call(ask, "abandon", abandon_on_given_back);
}

const ask_step settle_abandon_steps[] = {abandon_chunk, NULL};

/* Move */

static void move_on_stored(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    struct manifest *manifest = &ask->batch->manifest;
    manifest->doubted |= manifest->state == FLOW_UNKNOWN;
    if (ask->batch->cause == FLOW_ON_RESEND)
        manifest->absent = ask->batch->move_absent;
    manifest->refused |= manifest->state == FLOW_SEALED && ask->batch->move_refused;
    manifest->hold = manifest->state == FLOW_HELD ? ask->batch->hold : HOLD_NONE;
    ask_next(ask);
}

/* What a new state is noted with. */
static const char *move_word(const struct batch *batch, enum flow_state to)
{
    if (to == FLOW_HELD || to == FLOW_UNKNOWN)
        return hold_word(batch->hold);
    if (batch->cause == FLOW_ON_RESEND && batch->move_absent)
        return "absent";
    return to == FLOW_SEALED && batch->move_refused ? "refused" : "";
}

/* What the ledger says, and our endpoint of now, from which on it is bound to it. */
static void move_add_recall(struct ask *ask, struct args *args)
{
    const struct recall *recall = &ask->batch->recall;
    args_add_text(args, recall->id.text);
    args_add_number(args, recall->count);
    args_add_text(args, batch_is_recalled_whole(ask->batch) ? "1" : "");
    args_add_number(args, recall->first_unix_ms);
    args_add_number(args, recall->last_unix_ms);
    args_add_text(args, ask->queue->setup.endpoint_text);
}

/* Of the body that was made and not sent. */
static void move_add_body(struct ask *ask, struct args *args)
{
    args_add_text(args, ask->batch->manifest.sha256);
    args_add_number(args, ask->batch->manifest.bytes);
}

static void move_store(struct ask *ask)
{
    const struct manifest *manifest = &ask->batch->manifest;
    enum flow_state to;
    struct fault fault = {0};
    if (!flow_step(manifest->state, ask->batch->cause, &to, &fault))
        fault_bug(flow_event_words(ask->batch->cause), fault.text);
    struct args *args = ask_args(ask);
    args_add_number(args, manifest->ver);
    args_add_text(args, flow_state_word(manifest->state));
    args_add_text(args, flow_state_word(to));
    args_add_text(args, move_word(ask->batch, to));
    args_add_text(args, ask->batch->outcome);
    args_add(args,
             ask->batch->remarks ? buf_slice(&ask->batch->remarks->about_all) : SLICE(""));
    if (ask->batch->cause == FLOW_ON_REAPPEARED)
        move_add_recall(ask, args);
    if (to == FLOW_UNREPORTED)
        move_add_body(ask, args);
    ask_call(ask, "move", move_on_stored);
}

static void move_give_back(struct ask *ask)
{
    if (ask->batch->manifest.state != FLOW_TERMINATED) {
        ask_next(ask);
        return;
    }
    CRASH_PASS(CRASH_MOVE_TERMINATED);
    abandon_chunk(ask);
}

const ask_step settle_move_steps[] = {move_store, move_give_back, NULL};

/* Accept */

static void accept_on_stored(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    said_check(ask, reply);
    ask_next(ask);
}

static void accept_store(struct ask *ask)
{
    const struct receipt *receipt = &ask->batch->receipt;
    struct args *args = ask_args(ask);
    args_add_number(args, ask->batch->manifest.attempts);
    args_add(args, SLICE("status"));
    args_add_number(args, receipt->status);
    args_add(args, SLICE("report_id"));
    args_add_text(args, receipt->report_id.text);
    args_add(args, SLICE("submission_id"));
    args_add_number(args, receipt->submission_id);
    args_add(args, SLICE("warnings"));
    args_add_number(args, receipt->warnings);
    args_add(args, SLICE("errors"));
    args_add_number(args, receipt->errors);
    if (ask->batch->recalled) {
        args_add(args, SLICE("ledger"));
        args_add_number(args, 1);
    }
    if (receipt->has_count) {
        args_add(args, SLICE("item_count"));
        args_add_number(args, receipt->item_count);
    }
    said_add(ask, args);
    ask_call(ask, "accept", accept_on_stored);
}

const ask_step settle_accept_steps[] = {accept_store, NULL};

/* Drain */

static void drain_on_removed(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    ask->batch->manifest.drained = reply_number_at(reply, 3);
    ask_next(ask);
}

static void drain_chunk(struct ask *ask)
{
    struct args *args = ask_args(ask);
    args_add_number(args, ask->batch->manifest.drained);
    args_add_number(args, ask->queue->setup.keep_ms);
    ask_call(ask, "drain", drain_on_removed);
}

const ask_step settle_drain_steps[] = {drain_chunk, NULL};

/* Adopt */

static void adopt_on_stored(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_has_moved(ask, reply))
        return;
    struct manifest *manifest = &ask->batch->manifest;
    manifest->mine = true;
    manifest->owner_gone = false;
    manifest->doubted |= manifest->state == FLOW_UNKNOWN;
    ask_next(ask);
}

static void adopt_store(struct ask *ask)
{
    struct args *args = ask_args(ask);
    args_add_number(args, ask->batch->manifest.ver);
    ask_call(ask, "adopt", adopt_on_stored);
}

const ask_step settle_adopt_steps[] = {adopt_store, NULL};
