#ifndef ELRELAY_EDGE_REDIS_LINK_H
#define ELRELAY_EDGE_REDIS_LINK_H

/*
 * link.h - one connection to Redis that comes back by itself.
 *
 * Behind Sentinel and in a cluster it first asks which server it belongs to; a server that says
 * it is not the place any more (READONLY, MOVED, CLUSTERDOWN, MASTERDOWN, LOADING) gets an
 * error's callback, and the connection is given up and the place found anew.
 *
 * It resolves (never blocking the loop), connects, authenticates, selects the database, and
 * says `on_up`; when anything fails it says `on_down` and tries again with full-jitter
 * back-off. Every command has a deadline: when the oldest one passes it, the connection is
 * given up, for its answers can no longer be told apart.
 *
 * The process must ignore SIGPIPE, for hiredis writes with write(2). SUBSCRIBE and MONITOR are
 * not for this link.
 *
 * When the link goes down, each outstanding callback runs once with reply NULL ("outcome
 * unknown"), then on_down runs. Commands are taken only between on_up and on_down. Error texts
 * of Redis can quote arguments, so only their first word ("WRONGTYPE") ever leaves
 * link_error_word.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>
#include <uv.h>

#include "elrelay/core/told/redis_conf.h"
#include "elrelay/ground/buf.h"
#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"

struct link;

struct link_events {
    void (*on_up)(void *ctx);
    /* will be tried again in retry_ms; fault says why. Also runs when a try to connect fails.
     */
    void (*on_down)(void *ctx, const struct fault *fault, uint64_t retry_ms);
    void *ctx;
};

/* The reply is valid during the call only; NULL: the link went down, nobody knows whether it
 * was executed. */
typedef void (*link_reply_fn)(void *ctx, const redisReply *reply);

/* conf is borrowed for the link's life. False where the URL, a file or TLS cannot be used;
 * nothing was opened. */
struct link *link_new(uv_loop_t *loop, const struct redis_conf *conf,
                      const struct link_events *events, struct fault *fault);

/*
 * In a cluster: it serves the slot of this key, which must be one that is never there
 * (keys_nothing): scripts declare it too (script.h). Copied; before link_open. Without it any
 * master will do; elsewhere than in a cluster nothing happens.
 */
void link_serve(struct link *link, const char *key);

/* What was said to link_serve, in a cluster; else NULL. */
const char *link_key(const struct link *link);

/* Starts connecting. */
void link_open(struct link *link);

bool link_is_up(const struct link *link);

enum { LINK_ARGS_MAX = 8192 };

#define LINK_NO_TIMEOUT UINT64_MAX

struct command {
    const struct slice *args;
    size_t count;
    uint64_t timeout_ms; /* 0: the configured one; LINK_NO_TIMEOUT for blocking reads */
};

/* One command; its arguments are copied. False, and no callback, while the link is down. */
bool link_send(struct link *link, const struct command *command, link_reply_fn on_reply,
               void *ctx);

/* Gives the connection up on the next turn of the loop, as if it had broken; it comes back with
 * back-off. */
void link_reset(struct link *link);

/*
 * Closes for good: outstanding callbacks run with NULL, then on_closed once (NULL: none), on a
 * later turn of the loop. on_down does not run. NULL for a link that never was: nothing
 * happens.
 */
void link_close(struct link *link, void (*on_closed)(void *ctx), void *ctx);

/* The first word of an error reply ("NOPERM"), "ERR" where that is no word of at most 32
 * capital letters, and "" when it is no error. Valid as long as the reply. */
struct slice link_error_word(const redisReply *reply);

/* What the link talks to, without user and password, for messages: "redis://host:6379/0". */
const char *link_name(const struct link *link);

/* True behind Sentinel and in a cluster; then the server it last went to: "10.0.0.1:6379". */
bool link_is_located(const struct link *link);
void link_write_server(const struct link *link, struct buf *to);

/* What can be proved without connecting: URL, password file, certificates. FAULT_CONF, with the
 * key in front: "redis.url: ...". */
bool link_check_conf(const struct redis_conf *conf, struct fault *fault);

/* True where this build can speak TLS to Redis (hiredis >= 1.0 with hiredis_ssl). */
bool link_can_tls(void);

#endif
