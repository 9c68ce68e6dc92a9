#ifndef ELRELAY_EDGE_REDIS_PLACE_H
#define ELRELAY_EDGE_REDIS_PLACE_H

/*
 * place.h - the answers by which a server says that it is not the place, any more or just now.
 */

#include <stdbool.h>

#include "edge/redis/url.h"
#include "elrelay/edge/redis/link.h"

enum place {
    PLACE_HERE,
    PLACE_LEFT,   /* another server has taken over, or will: the place must be found anew */
    PLACE_MOVING, /* the slot is on the move between two nodes: the act fails, later it will do
                   */
};

/* Whatever was asked was not begun, except with PLACE_HERE. */
enum place place_of(const redisReply *reply);

/* Why it is PLACE_LEFT, for a person; words of ours. */
const char *place_why(const redisReply *reply);

/* The address that MOVED names; false where the reply is no MOVED, or names none. */
bool place_read_moved(const redisReply *reply, struct redis_host *host);

#endif
