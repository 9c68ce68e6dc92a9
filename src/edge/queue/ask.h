#ifndef EDGE_QUEUE_ASK_H
#define EDGE_QUEUE_ASK_H

/*
 * ask.h - an act on its way through its row of steps, and its one answer.
 *
 * A step sends one request. Its callback reads what is new from the reply and goes on to the
 * next step, or to the same one for its next chunk. Behind the last step the act is answered.
 */

#include "inside.h"

struct ask;
typedef void (*ask_step)(struct ask *ask);

struct ask {
    struct queue *queue;
    enum act act;
    struct batch *batch;    /* NULL for acts of the route */
    const ask_step *step;   /* the one that runs; a row ends with NULL */
    size_t at;              /* how far a step that goes in chunks has come */
    size_t asked;           /* PEEK: events asked for last */
    bool is_ahead;          /* PEEK: nobody waits for it yet */
    struct stream_id after; /* LOAD: the last id read */
    struct manifest *list;  /* LIST */
    size_t list_count;
    char last_score[32]; /* LIST: of the last row; "": none yet */
    char last_id[UUID_TEXT_LEN + 1];
    size_t lost;                        /* rows without a manifest ... */
    char first_lost[UUID_TEXT_LEN + 1]; /* ... and the first of them */
};

/* The rows. */
extern const ask_step form_begin_steps[], form_peek_steps[], form_bury_steps[],
    form_seal_steps[];
extern const ask_step settle_send_steps[], settle_move_steps[], settle_accept_steps[];
extern const ask_step settle_drain_steps[], settle_adopt_steps[], settle_abandon_steps[];
extern const ask_step look_survey_steps[], look_list_steps[], look_intake_steps[];
extern const ask_step part_looked_steps[], part_split_steps[], part_carve_steps[];
extern const ask_step load_steps[];

/* durable.c: the step between a mark and its bytes. */
void durable_wait(struct ask *ask);

/* The step behind this one, or the end; this one once more. */
void ask_next(struct ask *ask);
void ask_again(struct ask *ask);

/* True where the reply says `done`. Else the act has been answered, or dropped. */
bool ask_goes_on(struct ask *ask, const redisReply *reply);

/* The same for {'done', ver, state, ...}; then the batch is in that state. */
bool ask_has_moved(struct ask *ask, const redisReply *reply);

/* Answers and frees it. */
void ask_end(struct ask *ask, enum port_result result);
void ask_fail(struct ask *ask, const struct fault *fault);

/* Frees it without an answer. */
void ask_free(struct ask *ask);

/* The arguments of a script about the batch, with its id. */
struct args *ask_args(struct ask *ask);
void ask_call(struct ask *ask, const char *script, link_reply_fn on_reply);

#endif
