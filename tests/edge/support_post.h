#ifndef ELRELAY_TESTS_SUPPORT_POST_H
#define ELRELAY_TESTS_SUPPORT_POST_H

/*
 * support_post.h - a loop with an uplink on it, one POST or GET, and what came of it.
 *
 * Each post ends with an empty loop: post_close checks that uv_loop_close finds nothing left. A
 * timer ticks all the while, so that a loop that was held up is seen.
 */

#include "elrelay/edge/http/uplink.h"

enum { POST_URL_MAX = 256, POST_DEADLINE_MS = 30000, POST_TICK_MS = 10 };

#define POST_BATCH_ID "0193512f-a9f0-7000-8000-000000000001"

struct post {
    uv_loop_t loop;
    uv_timer_t ticker;
    uint64_t ticks;
    uint64_t last_tick_ns;
    uint64_t longest_gap_ms; /* between two ticks */
    uint64_t deadline_ns;
    struct uplink *uplink;
    bool uplink_closed;
    char url[POST_URL_MAX];
    struct endpoint_conf endpoint;
    struct request *request;
    unsigned asked;       /* calls of may_go_on */
    unsigned allowed;     /* so many of them are answered with true */
    unsigned answers;     /* calls of on_answer */
    struct answer answer; /* the last one; its body is body_copy */
    char *body_copy;
    void (*in_answer)(struct post *post); /* called from on_answer, if set */
};

/* The endpoint: plain http on loopback at port, a profile with a batch header, generous
 * timeouts. */
void post_open(struct post *post, unsigned port);

/* Starts it; false with the fault where it was refused. */
bool post_try(struct post *post, struct slice body, struct fault *fault);

/* Starts it and runs the loop until it is answered; fails at the deadline. */
const struct answer *post_send(struct post *post, struct slice body);

/* The same with a GET. */
bool post_try_get(struct post *post, const char *url, struct fault *fault);
const struct answer *post_get(struct post *post, const char *url);

/* Runs the loop until the condition holds; fails at the deadline. */
void post_run_until(struct post *post, bool (*holds)(struct post *post));

/* Closes all; the loop must be empty. */
void post_close(struct post *post);

/* A body of len bytes that differ; freed by mem_free. */
char *post_make_body(size_t len);

/* A folder of its own for the files of a test, and its end. */
void folder_make(char path[POST_URL_MAX]);
void folder_remove(const char *path);
void file_write(const char *path, struct slice bytes);

#endif
