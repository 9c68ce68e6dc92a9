/*
 * pause.c - `elrelay pause` and `elrelay resume`.
 */

#include <stdio.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/post.h"

struct pause_words {
    enum control_type type;
    const char *now;
    const char *already;
};

static bool pause_route(struct session *session, const struct route_conf *route,
                        const struct pause_words *words, const char *reason,
                        struct fault *fault)
{
    struct keys keys;
    struct post post;
    keys_init(&keys, route);
    bool done = session_aim(session, &keys, fault) &&
                post_message(session, &keys, &(struct post_setup){words->type, reason}, &post,
                             fault);
    keys_free(&keys);
    if (done)
        printf("%s: %s\n", route->name, post.changed ? words->now : words->already);
    return done;
}

static bool pause_all(const struct cli_call *call, const struct pause_words *words,
                      struct fault *fault)
{
    struct choice choice;
    if (!choice_read(&choice, call, fault))
        return false;
    struct session *session = session_open(&choice, fault);
    bool done = session != NULL;
    for (size_t i = 0; done && i < choice.count; i++)
        done = pause_route(session, &choice.routes[i], words, call->values[OPTION_NOTE_REASON],
                           fault);
    session_close(session);
    choice_free(&choice);
    return done;
}

bool pause_routes(const struct cli_call *call, struct fault *fault)
{
    static const struct pause_words words = {
        CONTROL_PAUSE, "paused; what is queued stays queued", "was paused already"};
    return pause_all(call, &words, fault);
}

bool resume_routes(const struct cli_call *call, struct fault *fault)
{
    static const struct pause_words words = {CONTROL_RESUME, "resumed", "was not paused"};
    return pause_all(call, &words, fault);
}
