/*
 * wake.c - a list in the order of due times, under a lock that is never held during a call.
 */

#include "wake.h"

#include <limits.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "elrelay/ground/mem.h"

struct wake {
    uint64_t due_ms;
    void (*call)(void *ctx);
    void *ctx;
    struct wake *next;
};

static pthread_mutex_t wake_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t clock_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_steady_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

uint64_t clock_unix_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

bool wakes_init(struct wakes *wakes)
{
    *wakes = (struct wakes){.event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    return wakes->event_fd >= 0;
}

void wakes_free(struct wakes *wakes)
{
    close(wakes->event_fd);
}

static void wakes_insert(struct wakes *wakes, struct wake *wake)
{
    struct wake **place = &wakes->first;
    while (*place && (*place)->due_ms <= wake->due_ms)
        place = &(*place)->next;
    wake->next = *place;
    *place = wake;
}

bool wakes_add(struct wakes *wakes, uint64_t after_ms, void (*call)(void *ctx), void *ctx)
{
    struct wake *wake = mem_zalloc(sizeof(*wake));
    *wake = (struct wake){.due_ms = clock_steady_ms() + after_ms, .call = call, .ctx = ctx};
    pthread_mutex_lock(&wake_lock);
    bool open = !wakes->stopped;
    if (open) {
        wakes_insert(wakes, wake);
        eventfd_write(wakes->event_fd, 1);
    }
    pthread_mutex_unlock(&wake_lock);
    if (!open)
        mem_free(wake);
    return open;
}

/* Takes the first one where it is due by now. */
static struct wake *wakes_take(struct wakes *wakes, uint64_t now_ms)
{
    pthread_mutex_lock(&wake_lock);
    struct wake *wake = wakes->first;
    if (wake && wake->due_ms <= now_ms)
        wakes->first = wake->next;
    else
        wake = NULL;
    pthread_mutex_unlock(&wake_lock);
    return wake;
}

static void wakes_call_until(struct wakes *wakes, uint64_t now_ms)
{
    for (struct wake *wake; (wake = wakes_take(wakes, now_ms));) {
        wake->call(wake->ctx);
        mem_free(wake);
    }
}

int wakes_run(struct wakes *wakes)
{
    eventfd_t count;
    (void)eventfd_read(wakes->event_fd, &count);
    wakes_call_until(wakes, clock_steady_ms());
    pthread_mutex_lock(&wake_lock);
    uint64_t due_ms = wakes->first ? wakes->first->due_ms : UINT64_MAX;
    pthread_mutex_unlock(&wake_lock);
    uint64_t now_ms = clock_steady_ms();
    if (due_ms == UINT64_MAX)
        return -1;
    uint64_t left_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

void wakes_stop(struct wakes *wakes)
{
    pthread_mutex_lock(&wake_lock);
    wakes->stopped = true;
    pthread_mutex_unlock(&wake_lock);
    wakes_call_until(wakes, UINT64_MAX);
}
