#ifndef ELRELAY_CLI_WAITING_H
#define ELRELAY_CLI_WAITING_H

/*
 * waiting.h - the events of a route that wait to be sent, in the order in which a daemon takes
 * them, read without the group: nothing is leased and nothing changes.
 *
 * What was given back comes first, then what the group has not read yet. A snapshot: a daemon
 * at work may take them in between.
 */

#include "cli/session.h"
#include "elrelay/core/carry/event.h"

struct waiting {
    struct session *session; /* aimed at the route */
    const struct keys *keys;
    bool forwards; /* route of type forward: an event is the entry as it is sent */
    size_t most;   /* events that are wanted */
    /* Bytes are valid during the call; true to go on. */
    bool (*on_event)(void *ctx, const struct event *event);
    void *ctx;
};

bool waiting_each(const struct waiting *waiting, struct fault *fault);

#endif
