/*
 * resolve.c - getaddrinfo on libuv's threads.
 *
 * A request that a thread has begun cannot be stopped, so a cancelled one is let go and frees
 * itself.
 */

#include "edge/redis/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include "elrelay/ground/mem.h"

struct resolve {
    uv_getaddrinfo_t request;
    resolve_fn on_done; /* NULL: cancelled */
    void *ctx;
};

static void resolve_collect(struct resolve_addresses *addresses, const struct addrinfo *info)
{
    for (; info && addresses->count < RESOLVE_MAX; info = info->ai_next)
        if (getnameinfo(info->ai_addr, info->ai_addrlen, addresses->text[addresses->count],
                        RESOLVE_TEXT_MAX, NULL, 0, NI_NUMERICHOST) == 0)
            addresses->count++;
}

static void resolve_on_done(uv_getaddrinfo_t *request, int status, struct addrinfo *info)
{
    struct resolve done = *(struct resolve *)request->data;
    mem_free(request->data);
    struct resolve_addresses addresses = {.count = 0};
    if (status == 0)
        resolve_collect(&addresses, info);
    uv_freeaddrinfo(info);
    if (status == 0 && addresses.count == 0)
        status = UV_EAI_NODATA;
    if (done.on_done)
        done.on_done(done.ctx, status, &addresses);
}

struct resolve *resolve_start(uv_loop_t *loop, const char *host, resolve_fn on_done, void *ctx)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct resolve *resolve = mem_zalloc(sizeof(*resolve));
    *resolve = (struct resolve){.on_done = on_done, .ctx = ctx};
    resolve->request.data = resolve;
    if (uv_getaddrinfo(loop, &resolve->request, resolve_on_done, host, NULL, &hints) == 0)
        return resolve;
    mem_free(resolve);
    return NULL;
}

void resolve_cancel(struct resolve *resolve)
{
    if (!resolve)
        return;
    resolve->on_done = NULL;
    uv_cancel((uv_req_t *)&resolve->request);
}
