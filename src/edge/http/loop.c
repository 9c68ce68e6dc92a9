/*
 * loop.c - libcurl's multi handle on libuv: it names sockets and one timer, the loop watches
 * them.
 *
 * Callbacks of libcurl only start and stop handles of the loop. Answers go up from one place,
 * after libcurl has returned, so that whoever is called may start and cancel requests, or close
 * the uplink.
 */

#include "elrelay/edge/http/uplink.h"

#include <assert.h>

#include "edge/http/request.h"
#include "elrelay/edge/host/crash.h"
#include "elrelay/edge/host/signals.h"
#include "elrelay/ground/mem.h"

struct uplink {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    size_t open_handles; /* of the loop: the timer and the polls */
    struct request *requests;
    void (*on_closed)(void *ctx); /* set: closing */
    void *closed_ctx;
};

/* Watches one socket of libcurl; freed in its close callback. */
struct watch {
    uv_poll_t poll;
    struct uplink *uplink;
    curl_socket_t fd;
};

static void uplink_unlink(struct uplink *uplink, struct request *request)
{
    struct request **at = &uplink->requests;
    while (*at && *at != request)
        at = &(*at)->next;
    assert(*at == request); /* a request is on the wire until it is answered or cancelled */
    *at = request->next;
    CURLMcode code = curl_multi_remove_handle(uplink->multi, request->easy);
    assert(code == CURLM_OK); /* not from inside may_go_on */
}

static void uplink_finish(struct uplink *uplink, CURL *easy, CURLcode code)
{
    struct request *request = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
    struct answer answer = request_answer(request, code);
    uplink_unlink(uplink, request);
    CRASH_PASS(request->is_get ? CRASH_GET_ANSWERED : CRASH_POST_ANSWERED);
    request->setup.on_answer(request->setup.ctx, &answer);
    request_free(request);
}

/* The multi handle outlives every call up: closing frees it on a later turn. */
static void uplink_act(struct uplink *uplink, curl_socket_t fd, int events)
{
    int running = 0;
    int left = 0;
    CURLMcode code = curl_multi_socket_action(uplink->multi, fd, events, &running);
    assert(code == CURLM_OK);
    for (struct request *at = uplink->requests; at; at = at->next)
        request_note_sent(at);
    for (CURLMsg *msg = curl_multi_info_read(uplink->multi, &left); msg;
         msg = curl_multi_info_read(uplink->multi, &left))
        uplink_finish(uplink, msg->easy_handle, msg->data.result);
}

static void on_timeout(uv_timer_t *timer)
{
    struct uplink *uplink = timer->data;
    uplink_act(uplink, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    int wanted = ((events & UV_READABLE) ? CURL_CSELECT_IN : 0) |
                 ((events & UV_WRITABLE) ? CURL_CSELECT_OUT : 0);
    uplink_act(watch->uplink, watch->fd, status < 0 ? CURL_CSELECT_ERR : wanted);
}

static void uplink_handle_gone(struct uplink *uplink)
{
    if (--uplink->open_handles > 0 || !uplink->on_closed)
        return;
    uplink->on_closed(uplink->closed_ctx);
    mem_free(uplink);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct uplink *uplink = watch->uplink;
    mem_free(watch);
    uplink_handle_gone(uplink);
}

static struct watch *watch_new(struct uplink *uplink, curl_socket_t fd)
{
    struct watch *watch = mem_zalloc(sizeof(*watch));
    watch->uplink = uplink;
    watch->fd = fd;
    int error = uv_poll_init_socket(uplink->loop, &watch->poll, fd);
    assert(error == 0); /* a socket that cannot be watched would hang for ever */
    watch->poll.data = watch;
    uplink->open_handles++;
    curl_multi_assign(uplink->multi, fd, watch);
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct uplink *uplink = ctx;
    struct watch *watch = socket_ctx;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        return 0;
    }
    if (!watch)
        watch = watch_new(uplink, fd);
    uv_poll_start(&watch->poll,
                  ((what & CURL_POLL_IN) ? UV_READABLE : 0) |
                      ((what & CURL_POLL_OUT) ? UV_WRITABLE : 0),
                  on_ready);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct uplink *uplink = ctx;
    (void)multi;
    if (uv_is_closing((uv_handle_t *)&uplink->timer))
        return 0;
    if (timeout_ms < 0)
        uv_timer_stop(&uplink->timer);
    else
        uv_timer_start(&uplink->timer, on_timeout, (uint64_t)timeout_ms, 0);
    return 0;
}

struct uplink *uplink_new(uv_loop_t *loop)
{
    struct uplink *uplink = mem_zalloc(sizeof(*uplink));
    signals_ignore_pipe();
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(code == CURLE_OK);
    uplink->loop = loop;
    uplink->multi = curl_multi_init();
    assert(uplink->multi); /* out of memory */
    uv_timer_init(loop, &uplink->timer);
    uplink->timer.data = uplink;
    uplink->open_handles = 1;
    curl_multi_setopt(uplink->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(uplink->multi, CURLMOPT_SOCKETDATA, uplink);
    curl_multi_setopt(uplink->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(uplink->multi, CURLMOPT_TIMERDATA, uplink);
    return uplink;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct uplink *uplink = handle->data;
    curl_multi_cleanup(uplink->multi);
    curl_global_cleanup();
    uplink_handle_gone(uplink);
}

void uplink_close(struct uplink *uplink, void (*on_closed)(void *ctx), void *ctx)
{
    uplink->on_closed = on_closed;
    uplink->closed_ctx = ctx;
    while (uplink->requests)
        uplink_cancel(uplink, uplink->requests);
    uv_close((uv_handle_t *)&uplink->timer, on_timer_closed);
}

static bool uplink_start(struct uplink *uplink, struct request *made, struct request **request)
{
    if (!made)
        return false;
    made->next = uplink->requests;
    uplink->requests = made;
    CURLMcode code = curl_multi_add_handle(uplink->multi, made->easy);
    assert(code == CURLM_OK);
    *request = made;
    return true;
}

bool uplink_post(struct uplink *uplink, const struct request_setup *setup,
                 struct request **request, struct fault *fault)
{
    CRASH_PASS(CRASH_POST_BEGIN);
    return uplink_start(uplink, request_new_post(setup, fault), request);
}

bool uplink_get(struct uplink *uplink, const struct request_setup *setup, const char *url,
                struct request **request, struct fault *fault)
{
    CRASH_PASS(CRASH_GET_BEGIN);
    return uplink_start(uplink, request_new_get(setup, url, fault), request);
}

void uplink_cancel(struct uplink *uplink, struct request *request)
{
    uplink_unlink(uplink, request);
    request_free(request);
}
