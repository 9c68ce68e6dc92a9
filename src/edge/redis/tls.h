#ifndef ELRELAY_EDGE_REDIS_TLS_H
#define ELRELAY_EDGE_REDIS_TLS_H

/*
 * tls.h - TLS to Redis, where hiredis can (1.0 and later, with hiredis_ssl).
 *
 * The server's certificate is always verified, and its name or address held against the URL,
 * which hiredis by itself does not do. In a build without it every rediss:// URL is refused at
 * start.
 */

#include <stdbool.h>

#include <hiredis/async.h>

#include "elrelay/core/told/redis_conf.h"
#include "elrelay/ground/fault.h"

struct tls;

/* Reads the CA (the system's where none is given) and our certificate. NULL with FAULT_CONF
 * where one is no use. */
struct tls *tls_new(const struct redis_conf *conf, struct fault *fault);

/* Accepts NULL. */
void tls_free(struct tls *tls);

/* To be called before the context is watched; host as the URL says. False: the context must be
 * freed. */
bool tls_attach(const struct tls *tls, redisAsyncContext *context, const char *host);

/* OpenSSL's reason for what failed since tls_attach, NULL where it has none. */
const char *tls_reason(void);

#endif
