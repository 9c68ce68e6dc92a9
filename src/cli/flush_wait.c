/*
 * flush_wait.c - the message to the daemons, and their answers on the same stream.
 *
 * A daemon whose heartbeat ends is no longer waited for; there is no other end to the waiting,
 * for a cycle takes as long as the endpoint takes.
 */

#include "cli/flush.h"

#include <stdio.h>
#include <string.h>

enum { FLUSH_BLOCK_MS = 500, FLUSH_ANSWER_MS = 30 * 1000 };

void flush_add(struct cycle *sum, const struct cycle *cycle)
{
    sum->batches += cycle->batches;
    sum->accepted += cycle->accepted;
    sum->unreported += cycle->unreported;
    sum->dead += cycle->dead;
    sum->kept += cycle->kept;
    sum->pending |= cycle->pending;
    sum->paused |= cycle->paused;
    sum->stuck |= cycle->stuck;
}

static uint64_t flush_number(const redisReply *fields, const char *name)
{
    return reply_number(reply_field(fields, name));
}

/* [id, [field, value, ...]] */
static void flush_take_entry(struct flush_route *flush, const redisReply *entry)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements < 2)
        return;
    const redisReply *fields = entry->element[1];
    snprintf(flush->last, sizeof(flush->last), "%.*s",
             SLICE_ARG(reply_text(entry->element[0])));
    if (!slice_is_text(reply_text(reply_field(fields, "type")), "answer") ||
        !slice_is_text(reply_text(reply_field(fields, "to")), flush->post.id))
        return;
    struct slice name = reply_text(reply_field(fields, "instance"));
    for (size_t i = 0; i < flush->alive.count; i++)
        if (slice_is_text(name, flush->alive.list[i].name))
            flush->alive.list[i].answered = true;
    if (!slice_is_text(reply_text(reply_field(fields, "status")), "done")) {
        flush->refusals++;
        return;
    }
    flush->answers++;
    flush_add(&flush->cycle, &(struct cycle){
                                 .batches = flush_number(fields, "batches"),
                                 .accepted = flush_number(fields, "accepted"),
                                 .unreported = flush_number(fields, "unreported"),
                                 .dead = flush_number(fields, "dead"),
                                 .kept = flush_number(fields, "kept"),
                                 .pending = flush_number(fields, "pending") > 0,
                                 .paused = flush_number(fields, "paused") > 0,
                                 .stuck = flush_number(fields, "stuck") > 0,
                             });
}

/* [[key, [entry, ...]]], or nil when nothing came in time. */
static void flush_on_read(void *ctx, const redisReply *reply)
{
    struct flush_route *flush = ctx;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0 ||
        reply->element[0]->elements < 2)
        return;
    const redisReply *entries = reply->element[0]->element[1];
    for (size_t i = 0; entries->type == REDIS_REPLY_ARRAY && i < entries->elements; i++)
        flush_take_entry(flush, entries->element[i]);
}

static bool flush_read(struct session *session, struct flush_route *flush, struct fault *fault)
{
    char block[16];
    const char *key = keys_name(&flush->keys, KEY_CONTROL);
    snprintf(block, sizeof(block), "%d", FLUSH_BLOCK_MS);
    return session_ask(
        session,
        &(struct question){SESSION_ARGS(SLICE("XREAD"), SLICE("BLOCK"), slice_of(block),
                                        SLICE("STREAMS"), slice_of(key), slice_of(flush->last)),
                           .doing = "wait for the daemon's answer", .key = key,
                           .timeout_ms = FLUSH_ANSWER_MS, .use = flush_on_read, .ctx = flush},
        fault);
}

static void flush_on_length(void *ctx, const redisReply *reply)
{
    struct flush_route *flush = ctx;
    flush->waiting = reply_number(reply);
}

static bool flush_count(struct session *session, struct flush_route *flush, struct fault *fault)
{
    const char *key = keys_name(&flush->keys, KEY_STREAM);
    return session_ask(session,
                       &(struct question){SESSION_ARGS(SLICE("XLEN"), slice_of(key)),
                                          .doing = "count what is queued", .key = key,
                                          .use = flush_on_length, .ctx = flush},
                       fault);
}

bool flush_ask(struct session *session, struct flush_route *flush, struct fault *fault)
{
    if (!session_aim(session, &flush->keys, fault) ||
        !alive_read(session, &flush->keys, &flush->alive, fault))
        return false;
    if (alive_count(&flush->alive, false) == 0)
        return true;
    bool done = flush_count(session, flush, fault) &&
                post_message(session, &flush->keys, &(struct post_setup){.type = CONTROL_FLUSH},
                             &flush->post, fault);
    snprintf(flush->last, sizeof(flush->last), "%s", flush->post.id);
    progress_begin(&flush->progress, flush->route->name, flush->waiting);
    return done;
}

bool flush_wait(struct session *session, struct flush_route *flush, struct fault *fault)
{
    bool done = session_aim(session, &flush->keys, fault);
    uint64_t total = flush->waiting;
    while (done && alive_count(&flush->alive, true) > 0) {
        done = flush_read(session, flush, fault) &&
               alive_look(session, &flush->keys, &flush->alive, fault) &&
               flush_count(session, flush, fault);
        uint64_t gone = flush->waiting < total ? total - flush->waiting : 0;
        progress_show(&flush->progress, gone, gone);
    }
    progress_end(&flush->progress);
    return done;
}
