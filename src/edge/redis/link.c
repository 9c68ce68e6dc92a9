/*
 * link.c - the life of one connection.
 *
 *     IDLE -> LOCATING -> RESOLVING -> CONNECTING -> LOGIN -> UP
 *                      (only behind Sentinel and in a cluster; a socket is not resolved)
 *     any but IDLE -> LOST -> CONNECTING, the next address of the same name
 *                          -> IDLE, until the back-off is over
 *
 * There is one door out: link_lose. It only marks the link as LOST and lets a timer of 0 ms do
 * the rest on the next turn of the loop, with nothing of hiredis and nothing of our callers on
 * the stack; so link_reset and link_close may be called from inside any callback. From then on
 * answers are ignored, and what is outstanding gets NULL.
 */

#include "edge/redis/link_parts.h"

#include <assert.h>

#include "edge/redis/dial.h"
#include "edge/redis/place.h"
#include "elrelay/core/decide/retry.h"
#include "elrelay/core/told/slot.h"
#include "elrelay/ground/log.h"
#include "elrelay/ground/mem.h"

static void link_connect(struct link *link);
static void link_try(uv_timer_t *timer);

static void link_back_off(struct link *link)
{
    struct retry_conf retry = {link->conf->retry_first_ms, link->conf->retry_cap_ms};
    uint32_t random = 0;
    uv_random(NULL, NULL, &random, sizeof(random), 0, NULL);
    link->tries++;
    uint64_t delay_ms = retry_delay_ms(&retry, link->tries, random);
    link->state = LINK_IDLE;
    uv_timer_start(&link->timer, link_try, delay_ms, 0);
    link->events.on_down(link->events.ctx, &link->fault, delay_ms);
}

static void link_on_locate_closed(void *ctx)
{
    struct link *link = ctx;
    uv_close((uv_handle_t *)&link->timer, link_free);
}

static void link_take_down(uv_timer_t *timer)
{
    struct link *link = timer->data;
    adapter_close(link->adapter);
    link->adapter = NULL;
    if (!link->closing && link->next_address < link->addresses.count) {
        link_connect(link);
        return;
    }
    struct call call;
    while (calls_take(&link->calls, &call))
        call.on_reply(call.ctx, NULL);
    if (!link->closing)
        link_back_off(link);
    else if (link->locate)
        locate_close(link->locate, link_on_locate_closed, link);
    else
        link_on_locate_closed(link);
}

static void link_lose(struct link *link, const struct fault *fault)
{
    if (link->state == LINK_LOST)
        return;
    if (link->state != LINK_CONNECTING)
        link->addresses.count = 0;
    link->state = LINK_LOST;
    link->fault = *fault;
    fault_add_context(&link->fault, "%s", link->url.name);
    resolve_cancel(link->resolve);
    link->resolve = NULL;
    if (link->locate)
        locate_stop(link->locate);
    uv_timer_start(&link->timer, link_take_down, 0, 0);
}

static void link_on_connect_timeout(uv_timer_t *timer)
{
    struct link *link = timer->data;
    struct fault fault;
    fault_set(&fault, FAULT_REDIS, "%s took longer than redis.connect_timeout (%llu ms)",
              link->state == LINK_RESOLVING ? "resolving the host's name" : "connecting",
              (unsigned long long)link->conf->connect_timeout_ms);
    link_lose(link, &fault);
}

static void link_on_deadline(uv_timer_t *timer)
{
    struct link *link = timer->data;
    uint64_t now_ms = uv_now(link->loop);
    uint64_t first_ms = calls_deadline_ms(&link->calls);
    if (first_ms > now_ms) {
        uv_timer_start(timer, link_on_deadline, first_ms - now_ms, 0);
        return;
    }
    struct fault fault;
    fault_set(&fault, FAULT_REDIS,
              "no answer to a command within its time (redis.command_timeout)");
    link_lose(link, &fault);
}

/* One that leaves again soon after it was found backs off as if it had not been up. */
static void link_leave_place(struct link *link, const redisReply *reply)
{
    struct fault fault;
    if (uv_now(link->loop) - link->up_ms < link->conf->retry_cap_ms)
        link->tries = link->tries_before;
    if (link->locate)
        locate_heed(link->locate, reply);
    fault_set(&fault, FAULT_REDIS, "%s", place_why(reply));
    link_lose(link, &fault);
}

static void link_heed_place(struct link *link, const redisReply *reply)
{
    enum place place = place_of(reply);
    if (place == PLACE_LEFT)
        link_leave_place(link, reply);
    if (place == PLACE_MOVING && !link->moving)
        log_write(LOG_WARN, "slot_is_moving", log_word("redis", link->url.name),
                  log_number("slot", link->key ? slot_of(slice_of(link->key)) : 0));
    link->moving |= place == PLACE_MOVING;
}

static void link_on_reply(redisAsyncContext *context, void *data, void *unused)
{
    (void)unused;
    struct link *link = context->data;
    struct call call;
    if (!data || link->state != LINK_UP || !calls_take(&link->calls, &call))
        return;
    if (link->calls.timed == 0)
        uv_timer_stop(&link->timer);
    link_heed_place(link, data);
    call.on_reply(call.ctx, data);
}

static void link_on_login(redisAsyncContext *context, void *data, void *unused);

static void link_go_up(struct link *link)
{
    uv_timer_stop(&link->timer);
    link->state = LINK_UP;
    link->tries_before = link->tries;
    link->tries = 0;
    link->up_ms = uv_now(link->loop);
    link->moving = false;
    link->events.on_up(link->events.ctx);
}

static void link_log_in(struct link *link)
{
    struct fault fault;
    if (!login_send(&link->login, link->context, link_on_login, &fault))
        link_lose(link, &fault);
    else if (link->login.step == LOGIN_DONE)
        link_go_up(link);
}

static void link_on_login(redisAsyncContext *context, void *data, void *unused)
{
    (void)unused;
    struct link *link = context->data;
    struct fault fault;
    if (!data || link->state != LINK_LOGIN)
        return;
    if (!login_judge(&link->login, data, &fault)) {
        link_lose(link, &fault);
        return;
    }
    link->login.step++;
    link_log_in(link);
}

static void link_on_connected(void *ctx)
{
    struct link *link = ctx;
    if (link->state != LINK_CONNECTING)
        return;
    link->state = LINK_LOGIN;
    link->login.step = LOGIN_AUTH;
    link_log_in(link);
}

/* The socket or the address that is tried or was reached. */
static const char *link_address(const struct link *link)
{
    return link->url.path ? link->url.path : link->addresses.text[link->next_address - 1];
}

static void link_on_gone(void *ctx, const char *why)
{
    struct link *link = ctx;
    const char *tls_why = link->tls && link->state == LINK_LOGIN ? tls_reason() : NULL;
    struct fault fault;
    link->adapter = NULL;
    fault_set(&fault, FAULT_REDIS, "%s", tls_why ? tls_why : why);
    if (link->state == LINK_CONNECTING)
        fault_add_context(&fault, "cannot connect to %s", link_address(link));
    link_lose(link, &fault);
}

static void link_connect(struct link *link)
{
    struct fault fault;
    link->state = LINK_CONNECTING;
    link->next_address++;
    uv_timer_start(&link->timer, link_on_connect_timeout, link->conf->connect_timeout_ms, 0);
    link->context = dial(&link->url, link_address(link), link->tls, &fault);
    if (!link->context) {
        link_lose(link, &fault);
        return;
    }
    link->context->data = link;
    link->adapter = adapter_new(link->loop, link->context,
                                &(struct adapter_events){.on_connected = link_on_connected,
                                                         .on_gone = link_on_gone,
                                                         .ctx = link});
    fault_set(&fault, FAULT_REDIS, "the loop cannot watch the socket");
    if (!link->adapter)
        link_lose(link, &fault);
}

static void link_on_resolved(void *ctx, int status, const struct resolve_addresses *addresses)
{
    struct link *link = ctx;
    struct fault fault;
    link->resolve = NULL;
    if (status == 0) {
        link->addresses = *addresses;
        link_connect(link);
        return;
    }
    fault_set(&fault, FAULT_REDIS, "cannot resolve the host's name: %s: check redis.url",
              uv_strerror(status));
    link_lose(link, &fault);
}

static void link_resolve(struct link *link)
{
    struct fault fault;
    link->state = LINK_RESOLVING;
    uv_timer_start(&link->timer, link_on_connect_timeout, link->conf->connect_timeout_ms, 0);
    link->resolve = resolve_start(link->loop, link->url.host, link_on_resolved, link);
    fault_set(&fault, FAULT_REDIS, "cannot resolve the host's name: check redis.url");
    if (!link->resolve)
        link_lose(link, &fault);
}

void link_on_found(void *ctx, const struct redis_host *host)
{
    struct link *link = ctx;
    redis_url_set_host(&link->url, host->host, host->port);
    link_resolve(link);
}

void link_on_not_found(void *ctx, const struct fault *fault)
{
    link_lose(ctx, fault);
}

static void link_try(uv_timer_t *timer)
{
    struct link *link = timer->data;
    link->addresses.count = link->next_address = 0;
    if (link->locate) {
        link->state = LINK_LOCATING;
        locate_start(link->locate);
    } else if (link->url.path) {
        link_connect(link);
    } else {
        link_resolve(link);
    }
}

void link_open(struct link *link)
{
    link_try(&link->timer);
}

bool link_is_up(const struct link *link)
{
    return link->state == LINK_UP;
}

bool link_send(struct link *link, const struct command *command, link_reply_fn on_reply,
               void *ctx)
{
    if (link->state != LINK_UP)
        return false;
    command_lay_out(&link->room, command);
    if (redisAsyncCommandArgv(link->context, link_on_reply, NULL, (int)command->count,
                              link->room.argv, link->room.lens) != REDIS_OK)
        return false;
    uint64_t timeout_ms = command->timeout_ms ? command->timeout_ms
                                              : link->conf->command_timeout_ms;
    bool timed = timeout_ms != LINK_NO_TIMEOUT;
    calls_add(&link->calls, on_reply, ctx,
              timed ? uv_now(link->loop) + timeout_ms : LINK_NO_TIMEOUT);
    if (timed && (link->calls.timed == 1 || timeout_ms < uv_timer_get_due_in(&link->timer)))
        uv_timer_start(&link->timer, link_on_deadline, timeout_ms, 0);
    return true;
}

void link_reset(struct link *link)
{
    struct fault fault;
    if (link->state == LINK_IDLE)
        return;
    link->addresses.count = 0;
    fault_set(&fault, FAULT_REDIS, "the connection was given up by this side");
    link_lose(link, &fault);
}

void link_close(struct link *link, void (*on_closed)(void *ctx), void *ctx)
{
    if (!link)
        return;
    assert(!link->closing);
    link->closing = true;
    link->on_closed = on_closed;
    link->closed_ctx = ctx;
    resolve_cancel(link->resolve);
    link->resolve = NULL;
    if (link->locate)
        locate_stop(link->locate);
    link->state = LINK_LOST;
    uv_timer_start(&link->timer, link_take_down, 0, 0);
}
