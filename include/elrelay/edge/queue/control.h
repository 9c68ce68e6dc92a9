#ifndef ELRELAY_EDGE_QUEUE_CONTROL_H
#define ELRELAY_EDGE_QUEUE_CONTROL_H

/*
 * control.h - the control streams: what operators ask of live daemons, and what these answer.
 *
 * A message is an entry `type WORD, by NAME` on the route's control stream; an answer is an
 * entry `type answer, to ID, instance NAME, status WORD, ...` on the same stream. Listening
 * blocks, so it has a link of its own; when that one breaks, listening goes on from the last id
 * seen.
 */

#include "elrelay/core/carry/event.h"
#include "elrelay/core/relay/relay.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/edge/redis/link.h"

/* name, word: the messages there are; a new one is a row here */
#define CONTROL_LIST(ROW)                                                                      \
    ROW(UNKNOWN, "")                                                                           \
    ROW(FLUSH, "flush")                                                                        \
    ROW(PAUSE, "pause")                                                                        \
    ROW(RESUME, "resume")

#define CONTROL_ENUM(name, word) CONTROL_##name,
enum control_type { CONTROL_LIST(CONTROL_ENUM) CONTROL_TYPE_COUNT };
#undef CONTROL_ENUM

enum { CONTROL_KEEP = 1000 }; /* entries kept on a control stream */

struct control_message {
    size_t route; /* index of the key it came on, from the setup's `first` on */
    struct stream_id id;
    enum control_type type;
};

struct control_answer {
    const struct control_message *message;
    const struct keys *keys; /* of the message's route */
    const char *instance;
    const char *status;        /* "done", "refused" */
    const struct cycle *cycle; /* of a flush; else NULL */
};

struct control;

struct control_setup {
    uv_loop_t *loop;
    const struct redis_conf *conf; /* borrowed for the control's life */
    const char *const *keys;       /* copied */
    size_t count;
    size_t first;
    const char *nothing; /* in a cluster: of the keys' slot (link_serve) */
    void (*on_message)(void *ctx, const struct control_message *message); /* no answers */
    void *ctx;
};

/* Listens on the keys from control_open on, to what is written from then on. A Redis that
 * refuses is asked again after a while, and the log says so. */
struct control *control_new(const struct control_setup *setup, struct fault *fault);
void control_open(struct control *control);

/* Gives the connection up and listens on a new one, from the last id seen on. */
void control_reset(struct control *control);

/* on_closed runs on a later turn of the loop. */
void control_close(struct control *control, void (*on_closed)(void *ctx), void *ctx);

/* Adds the answer over the daemon's main link; nothing waits for it, but that it is refused
 * stands in the log. */
void control_send_answer(struct link *link, const struct control_answer *answer);

const char *control_word(enum control_type type);

#endif
