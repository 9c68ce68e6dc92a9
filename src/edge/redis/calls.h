#ifndef ELRELAY_EDGE_REDIS_CALLS_H
#define ELRELAY_EDGE_REDIS_CALLS_H

/*
 * calls.h - the commands that wait for an answer, in the order in which Redis answers them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/edge/redis/link.h"

struct call {
    struct call *next;
    link_reply_fn on_reply;
    void *ctx;
    uint64_t deadline_ms; /* LINK_NO_TIMEOUT: none */
};

/* {0} is empty. */
struct calls {
    struct call *first;
    struct call *last;
    size_t timed; /* how many have a deadline */
};

/* deadline_ms LINK_NO_TIMEOUT: none. */
void calls_add(struct calls *calls, link_reply_fn on_reply, void *ctx, uint64_t deadline_ms);

/* Takes the oldest one out, for the caller to call back; false where there is none. */
bool calls_take(struct calls *calls, struct call *call);

/* The earliest deadline; LINK_NO_TIMEOUT where there is none. */
uint64_t calls_deadline_ms(const struct calls *calls);

/* A command as hiredis wants it; {0} is empty. */
struct command_room {
    const char **argv;
    size_t *lens;
    size_t cap;
};

/* Borrows the arguments. */
void command_lay_out(struct command_room *room, const struct command *command);
void command_room_free(struct command_room *room);

#endif
