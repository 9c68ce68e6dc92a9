#ifndef ELRELAY_EDGE_QUEUE_QUEUE_H
#define ELRELAY_EDGE_QUEUE_QUEUE_H

/*
 * queue.h - one route's queue in Redis, as the protocol says: keys, scripts, doors, heartbeat.
 *
 * It carries out the acts of ports.h and decides nothing. Replies are converted inside their
 * callback. After on_fault and on_name_taken, as after queue_down, nothing is answered any more
 * that was asked before.
 */

#include "elrelay/core/relay/ports.h"
#include "elrelay/core/told/conf.h"
#include "elrelay/edge/redis/link.h"

enum { QUEUE_TOKEN_LEN = 32 };

struct queue;

struct queue_setup {
    const char *route; /* borrowed for the queue's life, as all below */
    const struct queue_conf *conf;
    enum route_type type;
    const char *instance;
    const struct heartbeat_conf *heartbeat;
    const struct redis_conf *redis;
    const char *token;         /* random per process, QUEUE_TOKEN_LEN hex digits */
    const char *format_text;   /* the format a batch is sealed under, for format:HASH */
    const char *endpoint_text; /* the endpoint's fingerprint is made of this */
    uint32_t max_unknown;      /* with so many in doubt, a batch that never was is not sent */
    uint64_t keep_ms;          /* how long a finished batch's receipt is kept */
    const char *ledger; /* how our local ledger is, a word for others; "none": no ledger */
};

struct queue_events {
    void *ctx;
    void (*on_ready)(void *ctx); /* checks passed and hello said: acts may be asked */
    /* The queue cannot be used, at start or later (its group has vanished); FAULT_CONF: a
     * person must act. queue_start tries again. */
    void (*on_fault)(void *ctx, const struct fault *fault);
    /* Another process lives under our name, at start or after a pause of ours; its heartbeat
     * ends in wait_ms, when queue_start should be tried again. Renewed: it has not ended, but
     * went on. */
    void (*on_name_taken)(void *ctx, uint64_t wait_ms, bool renewed);
    /* Another instance's heartbeat has ended, or ends in_ms from now unless it is renewed. */
    void (*on_missing)(void *ctx, uint64_t in_ms);
    void (*on_done)(void *ctx, enum act act, struct batch *batch, enum port_result result);
    void (*on_survey)(void *ctx, enum port_result result, const struct survey *survey);
    void (*on_list)(void *ctx, enum port_result result, const struct manifest *list,
                    size_t count);
    void (*on_events)(void *ctx, enum act act, struct batch *batch, const struct event *events,
                      size_t count);
    /* Redis rewrites its AOF after a restart: queue_start should be tried again in wait_ms. */
    void (*on_wait)(void *ctx, uint64_t wait_ms);
};

struct queue *queue_new(struct link *link, const struct queue_setup *setup,
                        const struct queue_events *events);

/* From the next act on, these instead of the setup's; borrowed in the same way. */
void queue_set_terms(struct queue *queue, const char *format_text, const char *endpoint_text,
                     uint32_t max_unknown, uint64_t keep_ms);

/* After each link up, and to try again: version, role, policy, durability, rights, the AOF
 * after a restart, types, our group, then hello. Nothing happens while it is being tried, or
 * has succeeded. */
void queue_start(struct queue *queue);

/* After each link down: forget what was asked. */
void queue_down(struct queue *queue);

/*
 * Carries out an act and answers it, never from inside the call. batch is borrowed until then.
 * Its manifest is what the doors compare with, and follows what Redis says; ACT_SEND stores its
 * sha256 and bytes, ACT_ACCEPT its attempts as the attempt that was accepted, with the batch's
 * receipt; ACT_LOAD fills ids where they are not all there. ACT_SPLIT stores the batch's fates;
 * ACT_CARVE carries a part of them out, and is asked again until `carved` is the count: then
 * the new batches are open.
 */
void queue_ask(struct queue *queue, enum act act, struct batch *batch);

/* Renews the heartbeat; the daemon's one timer calls it every heartbeat.every. */
void queue_beat(struct queue *queue);

/*
 * True while our heartbeat is younger than 2/3 of its life, on a clock that counts suspension,
 * and there was no gap in it since ACT_SEND was done for this batch: in a gap another process
 * may have taken it over, and a heartbeat that is young again says nothing about that.
 */
bool queue_lease_holds(const struct queue *queue, const struct batch *batch);

/* Notes for others whether this instance lets batches out: word is open, half_open or closed,
 * why a word of ours. Nothing waits for it, and while the queue is not ready nothing is noted.
 */
void queue_note_circuit(struct queue *queue, const char *word, const char *why);

/* How our local ledger is from now on, a constant; nothing waits for it. */
void queue_note_ledger(struct queue *queue, const char *word);

/* What Redis knows of a batch; FLOW_NONE: nothing. */
struct recalled {
    enum flow_state state;
    uint32_t attempts;
};

/* Asks for some batches at once, in their order. The rows are valid during the call;
 * on_recalled is not called where the queue is lost meanwhile. */
typedef void recalled_fn(void *ctx, const struct recalled *rows);
void queue_recall(struct queue *queue, const struct uuid *ids, size_t count,
                  recalled_fn *on_recalled, void *ctx);

/* Gives the name free; on_gone runs when Redis has answered or the link is down. */
void queue_leave(struct queue *queue, void (*on_gone)(void *ctx), void *ctx);

/* Nothing is called back after this. */
void queue_free(struct queue *queue);

#endif
