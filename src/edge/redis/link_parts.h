#ifndef ELRELAY_EDGE_REDIS_LINK_PARTS_H
#define ELRELAY_EDGE_REDIS_LINK_PARTS_H

/*
 * link_parts.h - a link, as its two files share it.
 *
 *   link_make.c  from settings to a link, what it can be asked, and its end
 *   link.c       its life
 */

#include "edge/redis/adapter.h"
#include "edge/redis/calls.h"
#include "edge/redis/locate.h"
#include "edge/redis/login.h"
#include "edge/redis/resolve.h"
#include "edge/redis/tls.h"
#include "edge/redis/url.h"
#include "elrelay/edge/redis/link.h"

enum link_state {
    LINK_IDLE,       /* not opened, or the back-off runs */
    LINK_LOCATING,   /* others are asked which server it is */
    LINK_RESOLVING,  /* a name is asked for */
    LINK_CONNECTING, /* an address is tried */
    LINK_LOGIN,      /* connected; AUTH, SELECT, PING, ROLE */
    LINK_UP,         /* commands are taken */
    LINK_LOST,       /* given up; taken down on the next turn of the loop */
};

struct link {
    uv_loop_t *loop;
    const struct redis_conf *conf;
    struct link_events events;
    struct redis_url url;
    struct tls *tls; /* NULL: none */
    enum link_state state;
    struct fault fault; /* why it was lost */
    uv_timer_t
        timer; /* one at a time: back-off, connect timeout, command deadline, taking down */
    uint32_t tries;        /* that failed since it was last up */
    uint32_t tries_before; /* and before that */
    uint64_t up_ms;        /* when it was last up */
    struct locate *locate; /* NULL: the URL itself says which server */
    char *key;             /* NULL: any, or no cluster */
    bool moving;           /* it was said that the slot is on the move */
    struct resolve *resolve;
    struct resolve_addresses addresses;
    size_t next_address;
    struct adapter *adapter;    /* NULL: no connection */
    redisAsyncContext *context; /* the adapter's */
    struct login login;
    struct calls calls;
    struct command_room room;
    bool closing;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

/* What is called back by others (link.c). */
void link_on_found(void *ctx, const struct redis_host *host);
void link_on_not_found(void *ctx, const struct fault *fault);

/* When its timer is closed (link_make.c). */
void link_free(uv_handle_t *handle);

#endif
