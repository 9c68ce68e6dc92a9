/*
 * dial.c - hiredis's connect, keep-alive, and TLS on top where it is wanted.
 */

#include "edge/redis/dial.h"

#include "edge/redis/adapter.h"

redisAsyncContext *dial(const struct redis_url *url, const char *address, const struct tls *tls,
                        struct fault *fault)
{
    redisAsyncContext *context = url->path ? redisAsyncConnectUnix(address)
                                           : redisAsyncConnect(address, url->port);
    if (context && !context->err && !url->path)
        redisEnableKeepAlive(&context->c);
    if (context && !context->err && (!tls || tls_attach(tls, context, url->host)))
        return context;
    fault_set(fault, FAULT_REDIS, "cannot connect to %s: %s", address,
              context ? adapter_reason(&context->c) : "out of memory");
    if (context)
        redisAsyncFree(context);
    return NULL;
}
