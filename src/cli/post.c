/*
 * post.c - who says it, and the one script that says it.
 */

#include "cli/post.h"

#include <stdio.h>

#include <uv.h>

void post_write_by(char by[POST_BY_MAX])
{
    char host[UV_MAXHOSTNAMESIZE] = "localhost";
    size_t host_len = sizeof(host);
    uv_passwd_t user;
    uv_os_gethostname(host, &host_len);
    bool known = uv_os_get_passwd(&user) == 0;
    snprintf(by, POST_BY_MAX, "%.60s@%.250s", known ? user.username : "cli", host);
    if (known)
        uv_os_free_passwd(&user);
}

static void post_on_done(void *ctx, const redisReply *reply)
{
    struct post *post = ctx;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
        return;
    snprintf(post->id, sizeof(post->id), "%.*s", SLICE_ARG(reply_text(reply->element[1])));
    post->changed = reply_number(reply->element[2]) > 0;
}

bool post_message(struct session *session, const struct keys *keys,
                  const struct post_setup *setup, struct post *post, struct fault *fault)
{
    char by[POST_BY_MAX];
    char keep[16];
    post_write_by(by);
    snprintf(keep, sizeof(keep), "%d", CONTROL_KEEP);
    *post = (struct post){0};
    return session_ask(
        session,
        &(struct question){.script = "post",
                           SESSION_KEYS(slice_of(keys_name(keys, KEY_STREAM))),
                           SESSION_ARGS(slice_of(keys_prefix(keys)), SLICE(""), SLICE(""),
                                        slice_of(control_word(setup->type)), slice_of(by),
                                        slice_of(setup->reason), slice_of(keep)),
                           .doing = "leave a message for the daemons",
                           .key = keys_name(keys, KEY_CONTROL),
                           .use = post_on_done,
                           .ctx = post},
        fault);
}
