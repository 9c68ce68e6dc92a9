#ifndef ELRELAY_EDGE_REDIS_DIAL_H
#define ELRELAY_EDGE_REDIS_DIAL_H

/*
 * dial.h - a hiredis context on its way to one address.
 */

#include <hiredis/async.h>

#include "edge/redis/tls.h"
#include "edge/redis/url.h"

/* address: numeric, or the path of a socket. tls NULL: none. A context that is not connected
 * yet, or NULL with FAULT_REDIS. */
redisAsyncContext *dial(const struct redis_url *url, const char *address, const struct tls *tls,
                        struct fault *fault);

#endif
