#ifndef ELRELAY_EDGE_REDIS_ADAPTER_H
#define ELRELAY_EDGE_REDIS_ADAPTER_H

/*
 * adapter.h - one hiredis context on a libuv loop.
 *
 * hiredis frees a context by itself when a connect or a read fails, deep inside its own calls.
 * Here this becomes one event, told when nothing of hiredis is on the stack any more. Works
 * with hiredis 0.14 and 1.x alike.
 */

#include <hiredis/async.h>
#include <uv.h>

struct adapter;

struct adapter_events {
    void (*on_connected)(void *ctx);
    /* The context died by itself; why is valid during the call and holds no byte from Redis. */
    void (*on_gone)(void *ctx, const char *why);
    void *ctx;
};

/* Takes the context; NULL, with the context freed, where the loop cannot watch it. */
struct adapter *adapter_new(uv_loop_t *loop, redisAsyncContext *context,
                            const struct adapter_events *events);

/*
 * Frees the context: its pending callbacks run with NULL inside this call, and no event is told
 * any more. Only from outside of hiredis's callbacks. An adapter that told on_gone has closed
 * itself. Accepts NULL.
 */
void adapter_close(struct adapter *adapter);

/* What ended a context, in words of ours or of the system, never of Redis. */
const char *adapter_reason(const redisContext *context);

#endif
