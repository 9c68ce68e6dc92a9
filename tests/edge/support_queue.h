#ifndef TESTS_EDGE_SUPPORT_QUEUE_H
#define TESTS_EDGE_SUPPORT_QUEUE_H

/*
 * support_queue.h - a queue on a link of its own, and what it said last.
 */

#include "edge/support_link.h"
#include "elrelay/edge/queue/queue.h"

enum { QUEUE_BOX_EVENTS_MAX = 11000 };

struct queue_box {
    struct link_box link; /* first: its callbacks find the box by it */
    struct queue *queue;
    struct queue_conf conf;
    struct heartbeat_conf heartbeat;
    struct queue_setup setup;
    size_t ready;  /* how often on_ready ran */
    size_t faults; /* on_fault; the last one: */
    struct fault fault;
    size_t taken; /* on_name_taken; the last one: */
    uint64_t wait_ms;
    bool renewed;
    size_t missing; /* on_missing; the last one: */
    uint64_t missing_in_ms;
    size_t waits;   /* on_wait, which sets wait_ms too */
    size_t answers; /* of acts; the last one: */
    enum act act;
    enum port_result result;
    struct survey survey;
    struct manifest *list;
    size_t list_count;
    /* events of the act, from all its chunks */
    struct stream_id ids[QUEUE_BOX_EVENTS_MAX];
    bool has_bytes[QUEUE_BOX_EVENTS_MAX];
    bool gone[QUEUE_BOX_EVENTS_MAX];
    size_t event_count;
    size_t largest_chunk; /* events */
    size_t largest_bytes; /* of the events of one chunk */
    struct slice last;    /* bytes of the last event; a copy */
    char *last_room;
};

/* Route "r", inbox "inbox"; a token is made of one letter. Settings may be changed before open.
 */
void queue_box_init(struct queue_box *box, const struct redis_server *server,
                    const char *instance, char token);

/* Opens the link, and waits for on_ready, on_fault, on_name_taken or on_wait. */
void queue_box_open(struct queue_box *box);

/* As queue_box_init and queue_box_open; fails the test where it does not become ready. */
void queue_box_start(struct queue_box *box, const struct redis_server *server,
                     const char *instance, char token);

/* Asks and waits for the answer. */
enum port_result queue_box_ask(struct queue_box *box, enum act act, struct batch *batch);

/* The same, without waiting. */
void queue_box_put(struct queue_box *box, enum act act, struct batch *batch);
void queue_box_wait(struct queue_box *box);

/* Runs the loop until *count is at least wanted. */
void queue_box_wait_count(struct queue_box *box, const size_t *count, size_t wanted);

/* Frees the queue, then closes the link: what is outstanding has no one to answer. */
void queue_box_free(struct queue_box *box);

/* Peeks until the queue is drained or the batch has `most` events; all become ids of the batch.
 */
void queue_box_fill(struct queue_box *box, struct batch *batch, size_t most);

/* A batch with an id made of one letter, begun, filled, sealed and so on up to a state. */
void queue_box_bring(struct queue_box *box, struct batch *batch, char letter,
                     enum flow_state state);

/* count events {"n":0} ... on the stream of route r, each followed by `size` spaces. */
void queue_box_enqueue(const struct redis_server *server, size_t count, size_t size);

/* The string a command answers; "" where it answers none. To be freed with mem_free. */
char *queue_box_text(const struct redis_server *server, const char *format, ...);

#endif
