/*
 * start.c - what is looked at before any act: the server, what makes a mark durable, our
 * rights, an AOF that a restart may have left damaged, keys and group; then hello.
 *
 * Nothing is written before the rights are known: a script that lacks one half way leaves half
 * a change behind.
 */

#include "inside.h"

#include <stdlib.h>

#include "elrelay/edge/host/clock.h"
#include "elrelay/edge/queue/rights.h"
#include "elrelay/edge/redis/info.h"
#include "elrelay/ground/mem.h"
#include "reply.h"

enum { START_REDIS_MAJOR = 7, START_NAMED_RIGHTS = 5 };

/* Hello */

static void start_on_hello(void *ctx, const redisReply *reply)
{
    struct queue *queue = ctx;
    struct fault fault = {0};
    if (!reply)
        return;
    if (reply_says(reply, "done")) {
        queue->starting = false;
        queue->taken_until_ms = 0;
        queue_has_name(queue, reply);
        queue->ready = true;
        queue->was_ready = true;
        queue->events.on_ready(queue->events.ctx);
    } else if (reply_says(reply, "taken")) {
        queue_name_taken(queue, reply);
    } else {
        reply_fault(reply, "take the instance's name", &fault);
        queue_lose(queue, &fault);
    }
}

static void start_hello(struct queue *queue)
{
    queue->beat_asked_ms = clock_steady_ms();
    queue_add_hello(queue);
    queue_call(queue, "hello", start_on_hello, queue);
}

/* Keys and group */

static void start_check_fault(const struct queue *queue, const redisReply *reply,
                              struct fault *fault)
{
    const char *stream = keys_name(&queue->keys, KEY_STREAM);
    if (reply_says(reply, "foreign"))
        fault_set(fault, FAULT_CONF,
                  "stream %s has another consumer group, %.*s; "
                  "events are removed once they are delivered, so only elrelay may read them",
                  stream, SLICE_ARG(reply_slice_at(reply, 1)));
    else if (reply_says(reply, "lost"))
        fault_set(
            fault, FAULT_REDIS,
            "the consumer group of stream %s has vanished while batches are open; "
            "making it anew could send events twice; stop all daemons of the route and run "
            "`elrelay check --repair`",
            stream);
    else
        reply_fault(reply, "check the keys", fault);
}

/* The group was there before: nobody but us may take it away. */
static void start_tell_vanished(const struct queue *queue)
{
    struct fault fault = {0};
    fault_set(&fault, FAULT_REDIS,
              "the consumer group of stream %s was gone and is made anew; where Redis was "
              "flushed or the stream deleted, what was on it is lost: ask the producers for it",
              keys_name(&queue->keys, KEY_STREAM));
    log_write(LOG_ERROR, "queue_vanished", log_word("route", queue->setup.route),
              log_word("why", fault.text));
}

static void start_on_check(void *ctx, const redisReply *reply)
{
    struct queue *queue = ctx;
    struct fault fault = {0};
    if (!reply)
        return;
    if (reply_says(reply, "done")) {
        if (queue->was_ready && reply_number_at(reply, 1))
            start_tell_vanished(queue);
        start_hello(queue);
        return;
    }
    start_check_fault(queue, reply, &fault);
    queue_lose(queue, &fault);
}

void start_check(struct queue *queue)
{
    queue_script_args(queue);
    queue_call(queue, "check", start_on_check, queue);
}

/* Rights */

static void start_rights_fault(const struct queue *queue, const redisReply *reply,
                               struct fault *fault)
{
    struct buf text;
    buf_init(&text, FAULT_TEXT_MAX);
    for (size_t i = 1; i < reply->elements && i <= START_NAMED_RIGHTS; i++) {
        if (i > 1)
            buf_add_text(&text, ", ");
        size_t at = (size_t)reply_number_at(reply, i) - 1;
        if (at < right_count)
            right_describe(&right_table[at], &queue->keys, &text);
    }
    fault_set(fault, FAULT_CONF, "the Redis user lacks %zu of the rights needed: %s%s",
              reply->elements - 1, buf_text(&text),
              reply->elements - 1 > START_NAMED_RIGHTS ? " ..." : "");
    buf_free(&text);
}

static void start_on_rights(void *ctx, const redisReply *reply)
{
    struct queue *queue = ctx;
    struct fault fault = {0};
    if (!reply)
        return;
    if (!reply_says(reply, "done")) {
        reply_fault(reply, "ask for the rights of the Redis user", &fault);
        queue_lose(queue, &fault);
    } else if (reply->elements > 1) {
        start_rights_fault(queue, reply, &fault);
        queue_lose(queue, &fault);
    } else {
        durable_rewrite(queue);
    }
}

void start_rights(struct queue *queue)
{
    struct buf text;
    buf_init(&text, 1024);
    struct args *args = queue_script_args(queue);
    for (size_t i = 0; i < right_count; i++) {
        bool needed = right_need(&right_table[i], queue->durability.kind) == RIGHT_NEEDED;
        const char *key = needed ? right_key(&right_table[i], &queue->keys, &text) : NULL;
        args_add_text(args, key ? right_table[i].command : "TIME");
        args_add_text(args, key ? key : "");
    }
    buf_free(&text);
    queue_call_keyless(queue, "rights", start_on_rights, queue);
}

/* Server */

static bool start_server_is_good(struct slice info, struct fault *fault)
{
    struct slice version = info_line(info, "redis_version:");
    struct slice role = info_line(info, "role:");
    struct slice policy = info_line(info, "maxmemory_policy:");
    char major[8] = "";
    memcpy(major, version.ptr ? version.ptr : "", version.len < 7 ? version.len : 7);
    if (strtoul(major, NULL, 10) < START_REDIS_MAJOR && !info_line(info, "valkey_version:").len)
        return fault_set(fault, FAULT_CONF, "Redis %.*s is too old: 7.0 or later, or Valkey",
                         SLICE_ARG(version));
    if (!slice_is_text(role, "master"))
        return fault_set(fault, FAULT_REDIS,
                         "this Redis is a replica (role %.*s); give the address of the master",
                         SLICE_ARG(role));
    if (!slice_is_text(policy, "noeviction"))
        return fault_set(
            fault, FAULT_CONF,
            "maxmemory-policy is %.*s: Redis would throw events away when it is full; "
            "set it to noeviction",
            SLICE_ARG(policy));
    return true;
}

/* It was a master when the link came up: another one is by now. */
static void start_leave_replica(struct queue *queue, struct slice info)
{
    if (link_is_located(queue->link) && !slice_is_text(info_line(info, "role:"), "master"))
        link_reset(queue->link);
}

static void start_on_info(void *ctx, const redisReply *reply)
{
    struct queue *queue = ctx;
    struct fault fault = {0};
    if (!reply)
        return;
    if (reply->type != REDIS_REPLY_STRING) {
        reply_fault(reply, "INFO", &fault);
        queue_lose(queue, &fault);
    } else if (!start_server_is_good(reply_slice(reply), &fault)) {
        start_leave_replica(queue, reply_slice(reply));
        queue_lose(queue, &fault);
    } else {
        durable_find(queue, reply_slice(reply));
    }
}

void queue_start(struct queue *queue)
{
    if (queue->starting || queue->ready)
        return;
    queue->starting = true;
    args_add(queue_args(queue), SLICE("INFO"));
    queue_send(queue, start_on_info, queue);
}
