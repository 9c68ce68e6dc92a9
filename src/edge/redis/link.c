/*
 * link.c - the life of one connection.
 *
 *     IDLE -> RESOLVING -> CONNECTING -> LOGIN -> UP        (a socket is not resolved)
 *     any but IDLE -> LOST -> CONNECTING, the next address of the same name
 *                          -> IDLE, until the back-off is over
 *
 * There is one door out: link_lose. It only marks the link as LOST and lets a timer of 0 ms do
 * the rest on the next turn of the loop, with nothing of hiredis and nothing of our callers on
 * the stack; so link_reset and link_close may be called from inside any callback. From then on
 * answers are ignored, and what is outstanding gets NULL.
 */

#include "elrelay/edge/redis/link.h"

#include <assert.h>

#include "edge/redis/adapter.h"
#include "edge/redis/calls.h"
#include "edge/redis/login.h"
#include "edge/redis/resolve.h"
#include "edge/redis/tls.h"
#include "edge/redis/url.h"
#include "elrelay/core/decide/retry.h"
#include "elrelay/ground/mem.h"

enum { ERROR_WORD_MAX = 32 };

enum link_state {
    LINK_IDLE,       /* not opened, or the back-off runs */
    LINK_RESOLVING,  /* a name is asked for */
    LINK_CONNECTING, /* an address is tried */
    LINK_LOGIN,      /* connected; AUTH, SELECT, PING */
    LINK_UP,         /* commands are taken */
    LINK_LOST,       /* given up; taken down on the next turn of the loop */
};

struct link {
    uv_loop_t *loop;
    const struct redis_conf *conf;
    struct link_events events;
    struct redis_url url;
    struct tls *tls; /* NULL: none */
    enum link_state state;
    struct fault fault; /* why it was lost */
    uv_timer_t
        timer; /* one at a time: back-off, connect timeout, command deadline, taking down */
    uint32_t tries; /* that failed since it was last up */
    struct resolve *resolve;
    struct resolve_addresses addresses;
    size_t next_address;
    struct adapter *adapter;    /* NULL: no connection */
    redisAsyncContext *context; /* the adapter's */
    struct login login;
    struct calls calls;
    const char **argv;
    size_t *lens;
    size_t arg_cap;
    bool closing;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

static void link_connect(struct link *link);
static void link_try(uv_timer_t *timer);

struct slice link_error_word(const redisReply *reply)
{
    if (!reply || reply->type != REDIS_REPLY_ERROR)
        return SLICE("");
    size_t len = 0;
    while (len < reply->len && reply->str[len] >= 'A' && reply->str[len] <= 'Z')
        len++;
    bool is_word = len > 0 && len <= ERROR_WORD_MAX &&
                   (len == reply->len || reply->str[len] == ' ');
    return is_word ? (struct slice){reply->str, len} : SLICE("ERR");
}

static void link_on_timer_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;
    void (*on_closed)(void *) = link->on_closed;
    void *ctx = link->closed_ctx;
    tls_free(link->tls);
    redis_url_free(&link->url);
    mem_free(link->argv);
    mem_free(link->lens);
    mem_free(link);
    if (on_closed)
        on_closed(ctx);
}

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
    if (link->closing)
        uv_close((uv_handle_t *)&link->timer, link_on_timer_closed);
    else
        link_back_off(link);
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

static void link_on_reply(redisAsyncContext *context, void *data, void *unused)
{
    (void)unused;
    struct link *link = context->data;
    struct call call;
    if (!data || link->state != LINK_UP || !calls_take(&link->calls, &call))
        return;
    if (link->calls.timed == 0)
        uv_timer_stop(&link->timer);
    call.on_reply(call.ctx, data);
}

static void link_on_login(redisAsyncContext *context, void *data, void *unused);

static void link_log_in(struct link *link)
{
    struct fault fault;
    if (!login_send(&link->login, link->context, link_on_login, &fault))
        link_lose(link, &fault);
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
    if (link->login.step != LOGIN_DONE) {
        link_log_in(link);
        return;
    }
    uv_timer_stop(&link->timer);
    link->state = LINK_UP;
    link->tries = 0;
    link->events.on_up(link->events.ctx);
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

/* A context that is under way, or NULL with the reason. */
static redisAsyncContext *link_open_context(struct link *link, struct fault *fault)
{
    const char *address = link_address(link);
    redisAsyncContext *context = link->url.path ? redisAsyncConnectUnix(address)
                                                : redisAsyncConnect(address, link->url.port);
    if (context && !context->err && !link->url.path)
        redisEnableKeepAlive(&context->c);
    if (context && !context->err &&
        (!link->tls || tls_attach(link->tls, context, link->url.host)))
        return context;
    fault_set(fault, FAULT_REDIS, "cannot connect to %s: %s", address,
              context ? adapter_reason(&context->c) : "out of memory");
    if (context)
        redisAsyncFree(context);
    return NULL;
}

static void link_connect(struct link *link)
{
    struct fault fault;
    link->state = LINK_CONNECTING;
    link->next_address++;
    uv_timer_start(&link->timer, link_on_connect_timeout, link->conf->connect_timeout_ms, 0);
    link->context = link_open_context(link, &fault);
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

static void link_try(uv_timer_t *timer)
{
    struct link *link = timer->data;
    struct fault fault;
    link->addresses.count = link->next_address = 0;
    if (link->url.path) {
        link_connect(link);
        return;
    }
    link->state = LINK_RESOLVING;
    uv_timer_start(timer, link_on_connect_timeout, link->conf->connect_timeout_ms, 0);
    link->resolve = resolve_start(link->loop, link->url.host, link_on_resolved, link);
    fault_set(&fault, FAULT_REDIS, "cannot resolve the host's name: check redis.url");
    if (!link->resolve)
        link_lose(link, &fault);
}

static bool link_prepare(struct link *link, struct fault *fault)
{
    if (!redis_url_parse(&link->url, link->conf->url, fault) ||
        !login_check(&link->login, fault))
        return false;
    if (link->url.tls)
        link->tls = tls_new(link->conf, fault);
    return !link->url.tls || link->tls;
}

struct link *link_new(uv_loop_t *loop, const struct redis_conf *conf,
                      const struct link_events *events, struct fault *fault)
{
    struct link *link = mem_zalloc(sizeof(*link));
    *link = (struct link){.loop = loop, .conf = conf, .events = *events};
    link->login = (struct login){.conf = conf, .url = &link->url};
    if (!link_prepare(link, fault)) {
        redis_url_free(&link->url);
        mem_free(link);
        return NULL;
    }
    uv_timer_init(loop, &link->timer);
    link->timer.data = link;
    return link;
}

void link_open(struct link *link)
{
    link_try(&link->timer);
}

bool link_is_up(const struct link *link)
{
    return link->state == LINK_UP;
}

static void link_lay_out_args(struct link *link, const struct slice *args, size_t count)
{
    assert(count > 0 && count <= LINK_ARGS_MAX);
    if (count > link->arg_cap) {
        link->argv = mem_resize(link->argv, count, sizeof(*link->argv));
        link->lens = mem_resize(link->lens, count, sizeof(*link->lens));
        link->arg_cap = count;
    }
    for (size_t i = 0; i < count; i++) {
        link->argv[i] = args[i].len ? args[i].ptr : "";
        link->lens[i] = args[i].len;
    }
}

bool link_send(struct link *link, const struct command *command, link_reply_fn on_reply,
               void *ctx)
{
    if (link->state != LINK_UP)
        return false;
    link_lay_out_args(link, command->args, command->count);
    if (redisAsyncCommandArgv(link->context, link_on_reply, NULL, (int)command->count,
                              link->argv, link->lens) != REDIS_OK)
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
    link->state = LINK_LOST;
    uv_timer_start(&link->timer, link_take_down, 0, 0);
}

const char *link_name(const struct link *link)
{
    return link->url.name;
}
