#ifndef ELRELAY_CLI_POST_H
#define ELRELAY_CLI_POST_H

/*
 * post.h - saying something to the daemons of a route, and holding it in Redis.
 */

#include "cli/session.h"
#include "elrelay/edge/queue/control.h"
#include "elrelay/edge/queue/keys.h"

enum { POST_BY_MAX = 320 };

/* Who does it, for the audit stream: user@host, as far as the system knows. */
void post_write_by(char by[POST_BY_MAX]);

struct post {
    char id[STREAM_ID_TEXT_MAX]; /* of the message */
    bool changed;                /* pause, resume: it was not so before */
};

struct post_setup {
    enum control_type type;
    const char *reason; /* for the audit stream only; NULL: none */
};

bool post_message(struct session *session, const struct keys *keys,
                  const struct post_setup *setup, struct post *post, struct fault *fault);

#endif
