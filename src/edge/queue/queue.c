/*
 * queue.c - one route's queue: its life, its heartbeat, and the lease that stands on it.
 */

#include "inside.h"

#include "elrelay/edge/host/clock.h"
#include "elrelay/ground/mem.h"
#include "entries.h"
#include "reply.h"

struct queue *queue_new(struct link *link, const struct queue_setup *setup,
                        const struct queue_events *events)
{
    struct queue *queue = mem_zalloc(sizeof(*queue));
    queue->link = link;
    queue->setup = *setup;
    queue->setup.ledger = setup->ledger ? setup->ledger : "none";
    queue->events = *events;
    queue->gaps = 1;
    keys_init_parts(&queue->keys, setup->route, setup->conf);
    buf_init(&queue->texts, ENTRIES_TEXTS_MAX);
    return queue;
}

void queue_set_terms(struct queue *queue, const char *format_text, const char *endpoint_text,
                     uint32_t max_unknown, uint64_t keep_ms)
{
    queue->setup.format_text = format_text;
    queue->setup.endpoint_text = endpoint_text;
    queue->setup.max_unknown = max_unknown;
    queue->setup.keep_ms = keep_ms;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    queue->freed = true;
    queue->generation++;
    queue->on_gone = NULL;
    if (queue->outstanding)
        return;
    keys_free(&queue->keys);
    buf_free(&queue->args.text);
    buf_free(&queue->texts);
    mem_free(queue);
}

void queue_down(struct queue *queue)
{
    queue->generation++;
    queue->starting = false;
    queue->ready = false;
    queue->beating = false;
    queue->missing = 0;
    queue->ahead = NULL;
}

void queue_lose(struct queue *queue, const struct fault *fault)
{
    queue_down(queue);
    queue->events.on_fault(queue->events.ctx, fault);
}

/* Renewed: it ends more than a life later than it did when we first saw it. A heartbeat of the
 * dead that was still on its way to Redis makes it less. */
void queue_name_taken(struct queue *queue, const redisReply *reply)
{
    uint64_t life_ms = queue->setup.heartbeat->life_ms;
    const redisReply *left = reply_at(reply, 1);
    bool endless = left && left->type == REDIS_REPLY_INTEGER && left->integer < 0;
    uint64_t wait_ms = endless ? life_ms : reply_number_at(reply, 1) + 1;
    uint64_t until_ms = clock_steady_ms() + wait_ms;
    bool renewed = queue->taken_until_ms && until_ms > queue->taken_until_ms + life_ms;
    if (!queue->taken_until_ms)
        queue->taken_until_ms = until_ms;
    queue_down(queue);
    queue->gaps++;
    queue->events.on_name_taken(queue->events.ctx, wait_ms, renewed);
}

/* Heartbeats of others that end while Redis is away say nothing of them. */
uint64_t queue_steady_ms(const struct queue *queue)
{
    uint64_t now_ms = clock_steady_ms();
    uint64_t longest_ms = queue->setup.heartbeat->life_ms / 3 * 2;
    bool steady = queue->ready && now_ms - queue->answered_ms <= longest_ms;
    return steady ? now_ms - queue->steady_since_ms : 0;
}

static void queue_has_answered(struct queue *queue)
{
    uint64_t now_ms = clock_steady_ms();
    if (!queue_steady_ms(queue))
        queue->steady_since_ms = now_ms;
    queue->answered_ms = now_ms;
}

/* The reply that told of a gap may have been lost, and the next one knows of none: so a whole
 * life since the last one that came is a gap. */
void queue_has_name(struct queue *queue, const redisReply *reply)
{
    uint64_t since_ms = clock_steady_ms() - queue->lease_ms;
    if (!reply_number_at(reply, 1) || since_ms >= queue->setup.heartbeat->life_ms)
        queue->gaps++;
    queue->lease_ms = queue->beat_asked_ms;
    queue_has_answered(queue);
}

/* What is open is looked at when another heartbeat has ended, or ends before our next one. */
static void beat_see_others(struct queue *queue, const redisReply *reply)
{
    uint64_t missing = reply_number_at(reply, 2);
    uint64_t shortest_ms = reply_number_at(reply, 3);
    bool more = missing > queue->missing;
    queue->missing = missing;
    if (more)
        queue->events.on_missing(queue->events.ctx, 0);
    else if (shortest_ms && shortest_ms < queue->setup.heartbeat->every_ms)
        queue->events.on_missing(queue->events.ctx, shortest_ms + 1);
}

/* A ledger knows nothing of what others send. Said once. */
static void beat_warn_of_others(struct queue *queue, const redisReply *reply)
{
    bool alone = reply_number_at(reply, 3) == 0;
    if (alone || queue->not_alone || strcmp(queue->setup.ledger, "none") == 0)
        return;
    queue->not_alone = true;
    log_write(LOG_WARN, "ledger_not_alone", log_word("route", queue->setup.route));
}

static void beat_on_reply(void *ctx, const redisReply *reply)
{
    struct queue *queue = ctx;
    struct fault fault = {0};
    if (!reply)
        return;
    queue->beating = false;
    if (reply_says(reply, "done")) {
        alarm_end(&queue->heart);
        queue_has_name(queue, reply);
        beat_warn_of_others(queue, reply);
        beat_see_others(queue, reply);
    } else if (reply_says(reply, "taken")) {
        queue_name_taken(queue, reply);
    } else {
        reply_fault(reply, "heartbeat", &fault);
        log_write(alarm_level(&queue->heart, fault.text), "heartbeat_failed",
                  log_word("route", queue->setup.route), log_word("why", fault.text));
    }
}

void queue_add_hello(struct queue *queue)
{
    struct args *args = queue_script_args(queue);
    args_add_number(args, queue->setup.heartbeat->life_ms);
    durable_add_hello(queue, args);
    args_add_text(args, queue->setup.ledger);
}

void queue_beat(struct queue *queue)
{
    if (!queue->ready || queue->beating)
        return;
    queue->beating = true;
    queue->beat_asked_ms = clock_steady_ms();
    queue_add_hello(queue);
    queue_call(queue, "beat", beat_on_reply, queue);
}

bool queue_lease_holds(const struct queue *queue, const struct batch *batch)
{
    uint64_t age_ms = clock_steady_ms() - queue->lease_ms;
    return batch->lease == queue->gaps && age_ms < queue->setup.heartbeat->life_ms / 3 * 2;
}

static void note_on_reply(void *ctx, const redisReply *reply)
{
    (void)ctx;
    (void)reply;
}

void queue_note_circuit(struct queue *queue, const char *word, const char *why)
{
    if (!queue->ready)
        return;
    struct args *args = queue_script_args(queue);
    args_add_text(args, word);
    args_add_text(args, why);
    queue_call(queue, "circuit", note_on_reply, queue);
}

/* Said with a hello, whose answer is not looked at: had there been a gap in the heartbeat, it
 * would have lasted a whole life, and that is seen without it. */
void queue_note_ledger(struct queue *queue, const char *word)
{
    if (queue->setup.ledger == word)
        return;
    queue->setup.ledger = word;
    if (!queue->ready)
        return;
    queue_add_hello(queue);
    queue_call(queue, "hello", note_on_reply, queue);
}

static void leave_on_reply(void *ctx, const redisReply *reply)
{
    (void)reply;
    struct queue *queue = ctx;
    void (*on_gone)(void *) = queue->on_gone;
    queue->on_gone = NULL;
    if (on_gone)
        on_gone(queue->gone_ctx);
}

void queue_leave(struct queue *queue, void (*on_gone)(void *ctx), void *ctx)
{
    queue->on_gone = on_gone;
    queue->gone_ctx = ctx;
    queue->ready = false;
    queue->gaps++;
    queue_script_args(queue);
    queue_call(queue, "leave", leave_on_reply, queue);
}
