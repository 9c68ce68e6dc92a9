#ifndef EDGE_QUEUE_INSIDE_H
#define EDGE_QUEUE_INSIDE_H

/*
 * inside.h - the queue itself, as its files share it.
 *
 *   queue.c    the doors, heartbeat, leave
 *   start.c    what is looked at before any act
 *   durable.c  what makes a mark outlive a power loss; an AOF after a restart
 *   ask.c      an act on its way: its steps, and how it ends
 *   form.c     begin, peek, bury, seal
 *   settle.c   send, move, accept, drain, adopt, abandon
 *   part.c     looked, split, carve
 *   said.c     what an answer says of a batch and its events
 *   look.c     survey, list, intake
 *   load.c     a sealed batch's events once more
 *   recall.c   how far Redis knows of some batches
 *   entries.c  entries of the stream as events, and how many to ask for
 *   ids.c      ids of entries as a manifest keeps them
 *   call.c     requests and their lives
 *   reply.c    replies, and the faults in them
 */

#include "elrelay/core/decide/durability.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/edge/queue/queue.h"
#include "elrelay/ground/alarm.h"

#include "call.h"

enum { QUEUE_RUN_ID_MAX = 64 };

/* The AOF of the server, and a restart that may have left half a transaction in it. */
struct aof {
    char run_id[QUEUE_RUN_ID_MAX]; /* of the server; "": it does not say */
    bool is_busy;                  /* with a rewrite, or one is scheduled */
    bool is_good;                  /* the last rewrite since the server's start has succeeded */
    bool has_begun;                /* we have said that work waits for a rewrite */
    bool is_asked;                 /* the rewrite we asked for is not known to be over */
    bool is_barred;                /* it cannot be had, and work goes on without */
    uint32_t failures;
    struct alarm trouble; /* it fails, or cannot be had */
};

struct queue {
    struct link *link;
    struct queue_setup setup;
    struct queue_events events;
    struct keys keys;
    struct args args;    /* of the call that is being made */
    size_t outstanding;  /* requests on their way */
    uint64_t generation; /* answers to requests of an older one are for nobody */
    bool freed;          /* gone as soon as nothing is outstanding */
    bool starting;
    bool ready;
    bool beating;
    bool not_alone;           /* others live here, though we have a ledger; it was said */
    uint64_t beat_asked_ms;   /* when the heartbeat that is on its way was sent */
    uint64_t lease_ms;        /* when the last one that was taken was sent */
    uint64_t gaps;            /* in our heartbeats, counted from 1 */
    uint64_t taken_until_ms;  /* another one's heartbeat under our name ends then; 0: none */
    size_t event_bytes;       /* of late, on average; 0: not known */
    struct buf texts;         /* ROUTE_FORWARD: of the entries of a reply, while it is read */
    struct ask *ahead;        /* a read that went ahead of its PEEK; NULL: none */
    uint64_t answered_ms;     /* when Redis answered a heartbeat last */
    uint64_t steady_since_ms; /* since then Redis has answered without a longer gap */
    uint64_t missing;         /* others whose heartbeat had ended, as of our last one */
    struct durability durability; /* in force */
    struct durability_facts facts;
    struct aof aof;
    bool was_ready;       /* once since the process began */
    struct alarm trouble; /* an act that Redis refuses ... */
    enum act troubled;    /* ... which one */
    struct alarm lost;    /* batches without a manifest */
    struct alarm heart;   /* a heartbeat that Redis refuses */
    uint64_t taken_away;  /* events that somebody else deleted, as told last */
    void (*on_gone)(void *ctx);
    void *gone_ctx;
};

/* The arguments of hello and beat. */
void queue_add_hello(struct queue *queue);

/* The name is ours: the reply says whether without a gap. */
void queue_has_name(struct queue *queue, const redisReply *reply);

/* Another one lives under our name: the reply says for how long. */
void queue_name_taken(struct queue *queue, const redisReply *reply);

/* For how long Redis has answered our heartbeats without a longer gap; 0: it has not. */
uint64_t queue_steady_ms(const struct queue *queue);

/* start.c */
void start_rights(struct queue *queue);
void start_check(struct queue *queue);

/* durable.c: what is in force, then start_rights; after a restart a rewrite of the AOF, then
 * start_check. */
void durable_find(struct queue *queue, struct slice info);
void durable_rewrite(struct queue *queue);

/* What `hello` notes of both. */
void durable_add_hello(struct queue *queue, struct args *args);

/* The queue cannot be used. */
void queue_lose(struct queue *queue, const struct fault *fault);

#endif
