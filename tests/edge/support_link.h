#ifndef TESTS_EDGE_SUPPORT_LINK_H
#define TESTS_EDGE_SUPPORT_LINK_H

/*
 * support_link.h - a loop with one link on it that writes down what happens, a letter for each
 * event.
 *
 * U up, D down, A answer, E error answer, N outcome unknown (NULL), C closed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "edge/support_redis.h"
#include "elrelay/edge/redis/link.h"

struct link_box {
    uv_loop_t loop;
    struct redis_conf
        conf; /* set by link_box_init to short times; may be changed before the link is made */
    struct link *link;
    bool closing;
    char trace[256];
    size_t trace_len;
    struct fault fault;  /* of the last D */
    uint64_t retry_ms;   /* of the last D */
    struct slice answer; /* of the last A: its text; a copy */
    char *answer_room;
    const char *wanted; /* what is waited for */
    void (*on_event)(struct link_box *box,
                     char what); /* may be NULL; runs inside each callback of the link */
};

/* url is borrowed. */
void link_box_init(struct link_box *box, const char *url);

/* Makes and opens the link. */
void link_box_open(struct link_box *box);

/* Sends words, NULL behind the last; false as link_send. */
bool link_box_send(struct link_box *box, uint64_t timeout_ms, ...);

/* Waits until the trace begins with this; fails the test when it does not. */
void link_box_wait(struct link_box *box, const char *trace);

/* Waits until the link is up. */
void link_box_wait_up(struct link_box *box);

/* Waits until a D told a fault with these words. */
void link_box_wait_fault(struct link_box *box, const char *says);

/* link_close, once. */
void link_box_close(struct link_box *box);

/* Closes where that was not done, waits for C, and proves that the loop is empty. */
void link_box_free(struct link_box *box);

/* The callbacks that write the trace, for other users of the link; ctx is the box. */
void link_box_on_reply(void *ctx, const redisReply *reply);

#endif
