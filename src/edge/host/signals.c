/*
 * signals.c - one uv_signal for each row of the table.
 */

#include "elrelay/edge/host/signals.h"

#include <signal.h>

#include "elrelay/ground/mem.h"

struct signal_watch {
    uv_signal_t handle;
    struct signals *signals;
    void (*on_signal)(void *ctx);
};

struct signals {
    struct signal_watch *watches;
    size_t open; /* handles that live on the loop */
    void *ctx;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

static void on_uv_signal(uv_signal_t *handle, int number)
{
    struct signal_watch *watch = handle->data;
    (void)number;
    watch->on_signal(watch->signals->ctx);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct signal_watch *watch = handle->data;
    struct signals *signals = watch->signals;
    if (--signals->open > 0)
        return;
    if (signals->on_closed)
        signals->on_closed(signals->closed_ctx);
    mem_free(signals->watches);
    mem_free(signals);
}

static bool signals_watch(struct signals *signals, uv_loop_t *loop,
                          const struct signal_row *row, struct fault *fault)
{
    struct signal_watch *watch = &signals->watches[signals->open];
    int error = uv_signal_init(loop, &watch->handle);
    if (error)
        return fault_set(fault, FAULT_GENERAL, "signals cannot be watched: %s",
                         uv_strerror(error));
    watch->handle.data = watch;
    watch->signals = signals;
    watch->on_signal = row->on_signal;
    signals->open++;
    uv_unref((uv_handle_t *)&watch->handle);
    error = uv_signal_start(&watch->handle, on_uv_signal, row->number);
    if (error)
        return fault_set(fault, FAULT_GENERAL, "signal %d cannot be watched: %s", row->number,
                         uv_strerror(error));
    return true;
}

struct signals *signals_new(uv_loop_t *loop, const struct signal_row *rows, size_t count,
                            void *ctx, struct fault *fault)
{
    struct signals *signals = mem_zalloc(sizeof(*signals));
    signals->watches = mem_zalloc_array(count, sizeof(*signals->watches));
    signals->ctx = ctx;
    for (size_t i = 0; i < count; i++) {
        if (signals_watch(signals, loop, &rows[i], fault))
            continue;
        signals_close(signals, NULL, NULL);
        return NULL;
    }
    return signals;
}

void signals_close(struct signals *signals, void (*on_closed)(void *ctx), void *ctx)
{
    if (!signals)
        return;
    signals->on_closed = on_closed;
    signals->closed_ctx = ctx;
    for (size_t i = 0; i < signals->open; i++)
        uv_close((uv_handle_t *)&signals->watches[i].handle, on_watch_closed);
}

void signals_ignore_pipe(void)
{
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}
