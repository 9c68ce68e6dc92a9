#ifndef ELRELAY_EDGE_REDIS_URL_H
#define ELRELAY_EDGE_REDIS_URL_H

/*
 * url.h - where Redis is, as the setting redis.url says.
 *
 * redis://[user[:password]@]host[:port][/db], rediss:// the same with TLS, and
 * unix://[user[:password]@]/path[?db=N]. Every part may be percent-encoded. A fault never
 * quotes the text, for it can hold a password. Knows neither sockets nor hiredis.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/ground/fault.h"

enum {
    REDIS_URL_PORT = 6379,
    REDIS_URL_HOST_MAX = 255,
    REDIS_URL_PATH_MAX = 107,
    REDIS_URL_NAME_MAX = 320
};

struct redis_url {
    char *host;     /* NULL: a unix socket */
    char *path;     /* of the socket; NULL: a host */
    char *user;     /* NULL: none */
    char *password; /* NULL: none; "" is a password */
    uint16_t port;
    uint32_t db;
    bool tls;
    char name[REDIS_URL_NAME_MAX]; /* the URL without user and password, for messages */
};

/* False with FAULT_CONF, and url empty, where text is no such URL. */
bool redis_url_parse(struct redis_url *url, const char *text, struct fault *fault);

/* Wipes the password; accepts an empty one. */
void redis_url_free(struct redis_url *url);

#endif
