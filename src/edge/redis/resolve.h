#ifndef ELRELAY_EDGE_REDIS_RESOLVE_H
#define ELRELAY_EDGE_REDIS_RESOLVE_H

/*
 * resolve.h - the addresses of a host, without blocking the loop.
 *
 * hiredis resolves inside connect and would block; so it is given the addresses this room
 * found.
 */

#include <stddef.h>

#include <uv.h>

enum { RESOLVE_MAX = 16, RESOLVE_TEXT_MAX = 64 };

struct resolve_addresses {
    char text[RESOLVE_MAX][RESOLVE_TEXT_MAX]; /* numeric; IPv6 with its zone where it has one */
    size_t count;                             /* more than RESOLVE_MAX are left out */
};

/* status 0 with at least one address, else an error of libuv and none. Addresses are valid
 * during the call. */
typedef void (*resolve_fn)(void *ctx, int status, const struct resolve_addresses *addresses);

struct resolve;

/* on_done runs once, on a later turn of the loop, unless it is cancelled before. NULL: could
 * not be started. */
struct resolve *resolve_start(uv_loop_t *loop, const char *host, resolve_fn on_done, void *ctx);

/* on_done will not run; what is left is cleared up when the system answers. Accepts NULL. */
void resolve_cancel(struct resolve *resolve);

#endif
