#ifndef ELRELAY_CLI_ALIVE_H
#define ELRELAY_CLI_ALIVE_H

/*
 * alive.h - the daemons that live on a route: those whose heartbeat in Redis is their own.
 */

#include "cli/session.h"
#include "elrelay/edge/queue/keys.h"

enum { ALIVE_MAX = 64, ALIVE_NAME_MAX = 96, ALIVE_WORD_MAX = 32 };

struct alive_daemon {
    char name[ALIVE_NAME_MAX];
    char token[ALIVE_NAME_MAX];
    bool lives;
    bool answered;                   /* for those who wait */
    char circuit[ALIVE_WORD_MAX];    /* open or half_open; "": batches are sent */
    char why[ALIVE_WORD_MAX];        /* it is not closed */
    uint64_t since_ms;               /* it opened; Redis time */
    char durability[ALIVE_WORD_MAX]; /* in force there; "": it does not say */
    char ledger[ALIVE_WORD_MAX];     /* how it is; "" or none: it has none */
};

struct alive {
    struct alive_daemon list[ALIVE_MAX]; /* what the route's instances say */
    size_t count;
};

/* Reads the names, then looks at each heartbeat. */
bool alive_read(struct session *session, const struct keys *keys, struct alive *alive,
                struct fault *fault);

/* Looks once more at the heartbeats of those that lived. */
bool alive_look(struct session *session, const struct keys *keys, struct alive *alive,
                struct fault *fault);

/* What those that live say of their circuits and ledgers, and of what makes their marks
 * durable. */
bool alive_read_notes(struct session *session, const struct keys *keys, struct alive *alive,
                      struct fault *fault);

/* Whether the one with this token lives. */
bool alive_has(const struct alive *alive, const char *token);

/* How many live; with `waiting`, only those that have not answered. */
size_t alive_count(const struct alive *alive, bool waiting);

#endif
