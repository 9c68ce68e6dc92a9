#ifndef TESTS_EDGE_SUPPORT_REDIS_H
#define TESTS_EDGE_SUPPORT_REDIS_H

/*
 * support_redis.h - a redis-server of a test's own, and waiting for conditions on a loop.
 *
 *     struct redis_server server = {.extra = {"--requirepass", "secret"}};
 *     redis_server_start(&server);
 *     ... server.url, server.socket_path ...
 *     redis_server_stop(&server);
 *
 * It listens on a unix socket in a temporary folder (and on a free port of 127.0.0.1 with
 * `tcp`), keeps nothing on disk unless `extra` says so, and dies with the test process.
 * Whatever goes wrong here fails the test at once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <hiredis/hiredis.h>
#include <uv.h>

enum { REDIS_EXTRA_MAX = 48, REDIS_PATH_MAX = 100 };

struct redis_server {
    /* to be set before the start; `extra` may be changed before a restart */
    const char *extra[REDIS_EXTRA_MAX]; /* further arguments, NULL behind the last */
    bool tcp;
    /* set by the start */
    char folder[REDIS_PATH_MAX];
    char socket_path[REDIS_PATH_MAX + 16];
    char url[REDIS_PATH_MAX + 32]; /* unix://... */
    int port;                      /* 0 without tcp */
    pid_t pid;                     /* 0: not running */
};

/* Makes the folder, starts it, and waits until it answers; an error answer such as NOAUTH
 * counts, LOADING does not. */
void redis_server_start(struct redis_server *server);

/* SIGTERM, SIGKILL when that takes too long; removes the folder. Works on one that is stopped,
 * paused or killed. */
void redis_server_stop(struct redis_server *server);

/* SIGKILL; the folder stays. */
void redis_server_kill(struct redis_server *server);

/* After a kill: the same socket, port, folder. run does not wait until it answers, restart
 * does. */
void redis_server_run(struct redis_server *server);
void redis_server_restart(struct redis_server *server);

/* SIGSTOP and SIGCONT: it keeps its sockets and answers nothing in between. */
void redis_server_pause(struct redis_server *server);
void redis_server_resume(struct redis_server *server);

/* A blocking client on the socket; to be freed with redisFree. */
redisContext *redis_server_client(const struct redis_server *server);

/* One command by a client of its own, as redisCommand; returns its integer, and -1 where the
 * reply is none. */
long long redis_server_do(const struct redis_server *server, const char *format, ...);

/* A TCP port of 127.0.0.1 on which nothing listens. */
int redis_free_port(void);

/* Runs the loop until holds(ctx) is true; false when it was not within 20 seconds. */
bool redis_wait(uv_loop_t *loop, bool (*holds)(void *ctx), void *ctx);

#endif
