/*
 * adapter.c - hiredis's six hooks on a uv_poll_t.
 *
 * libuv reports a refused connection as a poll error and stops watching. hiredis's stock
 * adapter drops that event; this one lets hiredis look at the socket, which finds the error
 * there and ends the context.
 */

#include "edge/redis/adapter.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "elrelay/ground/mem.h"

/* hiredis reads 16 kB at a time; a long reply is read on without a turn of the loop for each,
 * but other sockets get theirs. */
enum { READS_A_TURN = 16 };

struct adapter {
    uv_poll_t poll;
    redisAsyncContext *context; /* NULL: hiredis has freed it, or is about to */
    struct adapter_events events;
    int watched; /* UV_READABLE, UV_WRITABLE */
    bool busy;   /* hiredis is on the stack */
    char why[sizeof(((redisContext *)0)->errstr)];
};

const char *adapter_reason(const redisContext *context)
{
    switch (context->err) {
    case REDIS_ERR_IO:
        return context->errstr;
    case REDIS_ERR_EOF:
        return "Redis closed the connection";
    case REDIS_ERR_PROTOCOL:
        return "what answers there does not speak the Redis protocol";
    case REDIS_ERR_OTHER:
        return "the connection was refused";
    default:
        return "the connection was closed";
    }
}

static void adapter_on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static bool adapter_has_more(const struct adapter *adapter)
{
    int bytes = 0;
    return adapter->context && ioctl(adapter->context->c.fd, FIONREAD, &bytes) == 0 && bytes;
}

static void adapter_read(struct adapter *adapter)
{
    int left = READS_A_TURN;
    do
        redisAsyncHandleRead(adapter->context);
    while (--left && adapter_has_more(adapter));
}

static void adapter_on_poll(uv_poll_t *poll, int status, int events)
{
    struct adapter *adapter = poll->data;
    adapter->busy = true;
    if (status < 0)
        adapter->watched = 0; /* until hiredis, which may still find bytes, asks anew */
    if (status < 0 || events & UV_READABLE)
        adapter_read(adapter);
    if (adapter->context && events & UV_WRITABLE)
        redisAsyncHandleWrite(adapter->context);
    adapter->busy = false;
    if (!adapter->context)
        adapter->events.on_gone(adapter->events.ctx, adapter->why);
}

static void adapter_watch(struct adapter *adapter, int watched)
{
    if (watched == adapter->watched) /* hiredis says it again with each read */
        return;
    adapter->watched = watched;
    if (watched)
        uv_poll_start(&adapter->poll, watched, adapter_on_poll);
    else
        uv_poll_stop(&adapter->poll);
}

static void adapter_add_read(void *data)
{
    struct adapter *adapter = data;
    adapter_watch(adapter, adapter->watched | UV_READABLE);
}

static void adapter_del_read(void *data)
{
    struct adapter *adapter = data;
    adapter_watch(adapter, adapter->watched & ~UV_READABLE);
}

/* TLS, which hiredis has since 1.0, wants to be asked by hiredis itself. */
static bool adapter_is_plain(const redisContext *context)
{
#if HIREDIS_MAJOR >= 1
    return context->privctx == NULL;
#else
    (void)context;
    return true;
#endif
}

/* True where all of it went. What ended the connection is found by hiredis on its next turn. */
static bool adapter_write(struct adapter *adapter)
{
    redisContext *context = &adapter->context->c;
    int done = 0;
    bool ready = context->flags & REDIS_CONNECTED && !(adapter->watched & UV_WRITABLE);
    return ready && adapter_is_plain(context) && redisBufferWrite(context, &done) == REDIS_OK &&
           done;
}

/* At once: so Redis works on it while this turn of the loop goes on. */
static void adapter_add_write(void *data)
{
    struct adapter *adapter = data;
    if (!adapter_write(adapter))
        adapter_watch(adapter, adapter->watched | UV_WRITABLE);
}

static void adapter_del_write(void *data)
{
    struct adapter *adapter = data;
    adapter_watch(adapter, adapter->watched & ~UV_WRITABLE);
}

/* Runs on every way a context can end, once, before its socket is closed. */
static void adapter_cleanup(void *data)
{
    struct adapter *adapter = data;
    snprintf(adapter->why, sizeof(adapter->why), "%s", adapter_reason(&adapter->context->c));
    adapter->context = NULL;
    uv_close((uv_handle_t *)&adapter->poll, adapter_on_closed);
}

static void adapter_on_connect(const redisAsyncContext *context, int status)
{
    struct adapter *adapter = context->ev.data;
    if (status == REDIS_OK)
        adapter->events.on_connected(adapter->events.ctx);
}

struct adapter *adapter_new(uv_loop_t *loop, redisAsyncContext *context,
                            const struct adapter_events *events)
{
    struct adapter *adapter = mem_zalloc(sizeof(*adapter));
    adapter->context = context;
    adapter->events = *events;
    if (uv_poll_init(loop, &adapter->poll, context->c.fd) != 0) {
        mem_free(adapter);
        redisAsyncFree(context);
        return NULL;
    }
    adapter->poll.data = adapter;
    context->ev.data = adapter;
    context->ev.addRead = adapter_add_read;
    context->ev.delRead = adapter_del_read;
    context->ev.addWrite = adapter_add_write;
    context->ev.delWrite = adapter_del_write;
    context->ev.cleanup = adapter_cleanup;
    redisAsyncSetConnectCallback(context, adapter_on_connect);
    return adapter;
}

void adapter_close(struct adapter *adapter)
{
    if (!adapter)
        return;
    assert(!adapter->busy && adapter->context);
    redisAsyncFree(adapter->context);
}
