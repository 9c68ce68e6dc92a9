/*
 * durable.c - what makes a mark outlive a power loss, and the AOF of a server that came back.
 *
 * What is in force is found at each start, from INFO and, where that is permitted, from
 * appendfsync. A Redis that died while it wrote may have left half a transaction in its AOF,
 * and carries it out at the restart after the next: so a restart is followed by one rewrite of
 * the AOF, and work by its end. The server's run_id in `state` tells of the restart.
 */

#include "ask.h"

#include <stdio.h>

#include "elrelay/edge/host/crash.h"
#include "elrelay/edge/redis/info.h"
#include "elrelay/ground/number.h"
#include "reply.h"

enum { DURABLE_POLL_MS = 100, DURABLE_RETRY_MS = 1000, DURABLE_RETRY_DOUBLINGS = 6 };

/* Other commands wait behind a barrier, so it ends long before they are given up. */
enum { DURABLE_SHARE_OF_TIMEOUT = 4 };

/* What is in force */

static void durable_choose(struct queue *queue)
{
    struct durability wanted = {0};
    struct fault fault = {0};
    if (!durability_read(&wanted, queue->setup.redis->durability))
        fault_bug("redis.durability", "not checked");
    if (!durability_choose(&wanted, &queue->facts, &queue->durability, &fault)) {
        queue_lose(queue, &fault);
        return;
    }
    char text[DURABILITY_TEXT_MAX];
    durability_write(&queue->durability, text);
    log_write(LOG_DEBUG, "durability", log_word("route", queue->setup.route),
              log_word("in_force", text));
    start_rights(queue);
}

static struct slice durable_setting(const redisReply *reply, const char *name)
{
    size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    for (size_t i = 0; i + 1 < count; i += 2)
        if (slice_is_text(reply_slice_at(reply, i), name))
            return reply_slice_at(reply, i + 1);
    return (struct slice){0};
}

/* [name, value, ...], or an error. */
static void durable_on_fsync(void *ctx, const redisReply *reply)
{
    struct queue *queue = ctx;
    if (!reply)
        return;
    queue->facts.fsync = info_fsync(durable_setting(reply, "appendfsync"),
                                    durable_setting(reply, "no-appendfsync-on-rewrite"));
    durable_choose(queue);
}

static bool durable_says(struct slice info, const char *name, const char *value)
{
    return slice_is_text(info_line(info, name), value);
}

static void durable_take_aof(struct aof *aof, struct slice info)
{
    struct slice run_id = info_line(info, "run_id:");
    if (!slice_is_text(run_id, aof->run_id))
        *aof = (struct aof){.has_begun = aof->has_begun};
    uint64_t rewrites = aof->is_asked; /* where they are not counted */
    number_read_u64(info_line(info, "aof_rewrites:"), &rewrites);
    snprintf(aof->run_id, sizeof(aof->run_id), "%.*s", SLICE_ARG(run_id));
    aof->is_busy = durable_says(info, "aof_rewrite_in_progress:", "1") ||
                   durable_says(info, "aof_rewrite_scheduled:", "1");
    aof->is_good = rewrites > 0 && durable_says(info, "aof_last_bgrewrite_status:", "ok");
}

void durable_find(struct queue *queue, struct slice info)
{
    info_read_durability(info, &queue->facts);
    durable_take_aof(&queue->aof, info);
    struct args *args = queue_args(queue);
    args_add(args, SLICE("CONFIG"));
    args_add(args, SLICE("GET"));
    args_add(args, SLICE("appendfsync"));
    args_add(args, SLICE("no-appendfsync-on-rewrite"));
    queue_send(queue, durable_on_fsync, queue);
}

void durable_add_hello(struct queue *queue, struct args *args)
{
    char text[DURABILITY_TEXT_MAX];
    durability_write(&queue->durability, text);
    args_add_text(args, text);
    args_add_text(args, queue->aof.is_barred ? "" : queue->aof.run_id);
}

/* After a restart */

static void durable_tell(const struct queue *queue, enum log_level level, const char *state,
                         const char *why)
{
    log_write(level, "aof_rewrite", log_word("route", queue->setup.route),
              log_word("state", state), log_word("why", why));
}

static void durable_alarm(struct queue *queue, const char *state, const char *why)
{
    durable_tell(queue, alarm_level(&queue->aof.trouble, why), state, why);
}

static void durable_rest(struct queue *queue, uint64_t wait_ms)
{
    queue_down(queue);
    queue->events.on_wait(queue->events.ctx, wait_ms);
}

static void durable_begin(struct queue *queue)
{
    if (!queue->aof.has_begun)
        durable_tell(queue, LOG_WARN, "begin",
                     "Redis was restarted; work goes on when its AOF is rewritten");
    queue->aof.has_begun = true;
}

static void durable_end(struct queue *queue)
{
    if (queue->aof.has_begun)
        durable_tell(queue, LOG_INFO, "end", "");
    alarm_end(&queue->aof.trouble);
    queue->aof.has_begun = false;
    queue->aof.is_asked = false;
    queue->aof.failures = 0;
    start_check(queue);
}

/* Without it half a transaction may come true at the next restart: but that is a chance, and
 * a queue that stands still is certain. */
static void durable_go_without(struct queue *queue)
{
    durable_alarm(queue, "impossible",
                  "Redis was restarted, and refuses BGREWRITEAOF; give its user that right, or "
                  "rewrite the AOF by hand before the next restart");
    queue->aof.is_barred = true;
    start_check(queue);
}

static void durable_fail(struct queue *queue)
{
    struct aof *aof = &queue->aof;
    durable_alarm(queue, "failed",
                  "Redis could not rewrite its AOF; its log says why, and work waits for it");
    aof->is_asked = false;
    uint64_t wait_ms = (uint64_t)DURABLE_RETRY_MS << aof->failures;
    aof->failures += aof->failures < DURABLE_RETRY_DOUBLINGS;
    durable_rest(queue, wait_ms);
}

static bool durable_is_refused(const redisReply *reply)
{
    struct slice text = {reply->str, reply->type == REDIS_REPLY_ERROR ? reply->len : 0};
    struct slice unknown = SLICE("ERR unknown command");
    return slice_is_text(link_error_word(reply), "NOPERM") ||
           slice_is(slice_part(text, 0, unknown.len), unknown);
}

/* Any other error says that one is under way, or cannot be begun now: INFO will tell. */
static void durable_on_begun(void *ctx, const redisReply *reply)
{
    struct queue *queue = ctx;
    if (!reply)
        return;
    if (durable_is_refused(reply)) {
        durable_go_without(queue);
        return;
    }
    queue->aof.is_asked = true;
    durable_rest(queue, DURABLE_POLL_MS);
}

static void durable_ask(struct queue *queue)
{
    args_add(queue_args(queue), SLICE("BGREWRITEAOF"));
    queue_send(queue, durable_on_begun, queue);
}

/* The run_id of the server that was last worked on; nil: none. */
static void durable_on_run_id(void *ctx, const redisReply *reply)
{
    struct queue *queue = ctx;
    struct aof *aof = &queue->aof;
    if (!reply)
        return;
    struct slice known = reply_slice(reply);
    bool restarted = known.len && aof->run_id[0] && !slice_is_text(known, aof->run_id);
    aof->is_barred = false;
    if (!restarted || !queue->facts.has_aof || (aof->is_good && !aof->is_busy)) {
        durable_end(queue);
        return;
    }
    durable_begin(queue);
    if (aof->is_busy)
        durable_rest(queue, DURABLE_POLL_MS);
    else if (aof->is_asked)
        durable_fail(queue);
    else
        durable_ask(queue);
}

void durable_rewrite(struct queue *queue)
{
    struct args *args = queue_args(queue);
    args_add(args, SLICE("HGET"));
    args_add_text(args, keys_name(&queue->keys, KEY_STATE));
    args_add(args, SLICE("run_id"));
    queue_send(queue, durable_on_run_id, queue);
}

/* The barrier */

static void durable_on_waited(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    struct fault fault = {0};
    if (!reply) {
        ask_free(ask);
        return;
    }
    const struct durability *durability = &ask->queue->durability;
    bool aof = durability->kind == DURABILITY_WAITAOF;
    const redisReply *count = aof ? reply_at(reply, 0) : reply;
    uint64_t wanted = aof ? 1 : durability->replicas;
    uint64_t answered = 0;
    if (!count || count->type != REDIS_REPLY_INTEGER) {
        reply_fault(reply, aof ? "WAITAOF" : "WAIT", &fault);
        ask_fail(ask, &fault);
        return;
    }
    answered = count->integer > 0 ? (uint64_t)count->integer : 0;
    if (answered >= wanted) {
        ask_next(ask);
        return;
    }
    fault_set(&fault, FAULT_REDIS,
              "%s: %llu of %llu answered in time, so that a power loss could undo the mark; "
              "nothing is sent",
              aof ? "WAITAOF" : "WAIT", (unsigned long long)answered,
              (unsigned long long)wanted);
    ask_fail(ask, &fault);
}

void durable_wait(struct ask *ask)
{
    CRASH_PASS(CRASH_SEND_STORED);
    const struct queue *queue = ask->queue;
    bool aof = queue->durability.kind == DURABILITY_WAITAOF;
    if (!aof && queue->durability.kind != DURABILITY_WAIT) {
        ask_next(ask);
        return;
    }
    struct args *args = queue_args(ask->queue);
    if (aof) {
        args_add(args, SLICE("WAITAOF"));
        args_add(args, SLICE("1"));
        args_add(args, SLICE("0"));
    } else {
        args_add(args, SLICE("WAIT"));
        args_add_number(args, queue->durability.replicas);
    }
    args_add_number(args, queue->setup.redis->command_timeout_ms / DURABLE_SHARE_OF_TIMEOUT);
    queue_send(ask->queue, durable_on_waited, ask);
}
