#ifndef ELRELAY_EDGE_REDIS_URL_H
#define ELRELAY_EDGE_REDIS_URL_H

/*
 * url.h - where Redis is, as the setting redis.url says.
 *
 * redis://[user[:password]@]host[:port][/db], rediss:// the same with TLS,
 * unix://[user[:password]@]/path[?db=N]; and where others say which server it is:
 * redis+sentinel://[user[:password]@]host[:port],.../name[/db] and
 * redis+cluster://[user[:password]@]host[:port],... Every part may be percent-encoded. A fault
 * never quotes the text, for it can hold a password. Knows neither sockets nor hiredis.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/fault.h"

enum {
    REDIS_URL_PORT = 6379,
    REDIS_URL_SENTINEL_PORT = 26379,
    REDIS_URL_HOSTS_MAX = 16,
    REDIS_URL_HOST_MAX = 255,
    REDIS_URL_PATH_MAX = 107,
    REDIS_URL_NAME_MAX = 320
};

/* Who says which server is meant. */
enum redis_finder { FINDER_NONE, FINDER_SENTINEL, FINDER_CLUSTER };

struct redis_host {
    char *host;
    uint16_t port;
};

struct redis_url {
    enum redis_finder finder;
    struct redis_host asked[REDIS_URL_HOSTS_MAX]; /* by a finder */
    size_t asked_count;
    char *service;    /* the master's name at Sentinel; else NULL */
    bool is_sentinel; /* what it leads to is one */
    char *host;       /* NULL: a unix socket, or not found yet */
    char *path;       /* of the socket; NULL: a host */
    char *user;       /* NULL: none */
    char *password;   /* NULL: none; "" is a password */
    uint16_t port;
    uint32_t db;
    bool tls;
    char name[REDIS_URL_NAME_MAX]; /* the URL without user and password, for messages */
};

/* False with FAULT_CONF, and url empty, where text is no such URL. */
bool redis_url_parse(struct redis_url *url, const char *text, struct fault *fault);

/* Where it leads to from now on; copied. */
void redis_url_set_host(struct redis_url *url, const char *host, uint16_t port);

/* host:port, with the brackets of an IPv6 address. */
void redis_host_write(struct buf *to, const char *host, uint16_t port);

/* False, and nothing is changed, where text is no host's name or address. */
bool redis_host_set(struct redis_host *host, struct slice text, uint16_t port);

bool redis_host_is(const struct redis_host *a, const struct redis_host *b);

/* Wipes the password; accepts an empty one. */
void redis_url_free(struct redis_url *url);

#endif
