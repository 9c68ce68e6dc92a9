#ifndef ELRELAY_CLI_FLUSH_H
#define ELRELAY_CLI_FLUSH_H

/*
 * flush.h - asking the live daemons of a route for a cycle, and waiting for what it came to.
 */

#include "cli/alive.h"
#include "cli/post.h"
#include "cli/progress.h"
#include "elrelay/core/relay/relay.h"
#include "elrelay/core/told/conf.h"

struct flush_route {
    const struct route_conf *route;
    struct keys keys;
    struct alive alive;
    struct post post;
    char last[STREAM_ID_TEXT_MAX]; /* where reading the control stream stands */
    struct cycle cycle;            /* the sum of all answers */
    size_t answers;
    size_t refusals;
    uint64_t waiting; /* on the stream, for the bar */
    struct progress progress;
};

/* Posts the message; alive.count stays 0 and nothing is posted where no daemon lives. */
bool flush_ask(struct session *session, struct flush_route *flush, struct fault *fault);

/* Until each daemon that was asked has answered or has died. */
bool flush_wait(struct session *session, struct flush_route *flush, struct fault *fault);

/* dry_run.c: shows what it would send, and sends nothing. */
bool flush_dry_run(const struct cli_call *call, struct fault *fault);

/* Adds what one daemon did. */
void flush_add(struct cycle *sum, const struct cycle *cycle);

#endif
