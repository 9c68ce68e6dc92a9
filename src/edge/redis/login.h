#ifndef ELRELAY_EDGE_REDIS_LOGIN_H
#define ELRELAY_EDGE_REDIS_LOGIN_H

/*
 * login.h - what is said on a new connection before it is of use: AUTH, SELECT, PING, ROLE,
 * each where it is needed.
 *
 * PING shows what the others do not: that a password is missing, or that Redis is still loading
 * its data. ROLE is asked where others said that this is the master: they may be wrong for as
 * long as a failover takes.
 */

#include <stdbool.h>

#include <hiredis/async.h>

#include "edge/redis/url.h"
#include "elrelay/core/told/redis_conf.h"
#include "elrelay/ground/fault.h"

enum login_step { LOGIN_AUTH, LOGIN_SELECT, LOGIN_PING, LOGIN_ROLE, LOGIN_DONE };

struct login {
    const struct redis_url *url;
    const char *password_file; /* NULL: none; borrowed, as the URL is */
    const char *password_key;  /* the setting that names it */
    enum login_step step;
};

/* Before its first step. */
struct login login_of(const struct redis_conf *conf, const struct redis_url *url);

/* At start: false with FAULT_CONF where the password file cannot be read, or a user has no
 * password. */
bool login_check(const struct login *login, struct fault *fault);

/*
 * Puts the current step's command out, going over steps that are not needed; at the end it is
 * LOGIN_DONE, and nothing is put. The password file is read anew each time, so that a password
 * can be changed while we run. False with FAULT_REDIS.
 */
bool login_send(struct login *login, redisAsyncContext *context, redisCallbackFn *on_reply,
                struct fault *fault);

/* True where the step was granted; else what to do about it, in FAULT_REDIS. */
bool login_judge(const struct login *login, const redisReply *reply, struct fault *fault);

#endif
