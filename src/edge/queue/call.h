#ifndef EDGE_QUEUE_CALL_H
#define EDGE_QUEUE_CALL_H

/*
 * call.h - requests to Redis.
 *
 * A request's callback runs once: later, or at once where the link is down. It gets NULL when
 * nobody will ever know the answer, or when nobody cares any more: then it gives back what it
 * holds, and that is all.
 */

#include "elrelay/core/carry/event.h"
#include "elrelay/edge/redis/link.h"
#include "elrelay/ground/buf.h"

enum { ARGS_MAX = 1100, ARGS_BYTES_MAX = 8 * 1024 * 1024 };

/* The arguments of one call, each copied behind the one before. */
struct args {
    struct buf text;
    size_t ends[ARGS_MAX];
    size_t count;
};

struct queue;

/* Empty, for a command; with prefix, token and instance, for a script. Used up by the call. */
struct args *queue_args(struct queue *queue);
struct args *queue_script_args(struct queue *queue);

void args_add(struct args *args, struct slice arg);
void args_add_text(struct args *args, const char *text);
void args_add_number(struct args *args, uint64_t number);
void args_add_id(struct args *args, struct stream_id id);

/* The key of a batch's manifest. */
void args_add_manifest_key(struct args *args, const struct queue *queue, const char *id);

/* A command; a script; a script without keys, so that no right on a key is needed. */
void queue_send(struct queue *queue, link_reply_fn on_reply, void *ctx);
void queue_call(struct queue *queue, const char *script, link_reply_fn on_reply, void *ctx);
void queue_call_keyless(struct queue *queue, const char *script, link_reply_fn on_reply,
                        void *ctx);

#endif
