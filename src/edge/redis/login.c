/*
 * login.c - the steps and what their refusals mean.
 *
 * The password lives in one buffer on the stack and is wiped; hiredis keeps a copy in its
 * output buffer until it is written, which is out of our reach.
 */

#include "edge/redis/login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elrelay/edge/redis/link.h"
#include "elrelay/ground/mem.h"

enum { PASSWORD_MAX = 1024 };

struct password {
    char bytes[PASSWORD_MAX + 1]; /* one more than may be used, so that a longer one is seen */
    size_t len;
};

static const char *const step_words[] = {"AUTH", "SELECT", "PING", "ROLE", ""};

/* What to do about a refusal. A step of LOGIN_DONE stands for all steps; the first row that
 * fits counts. */
static const struct refusal {
    const char *word;
    enum login_step step;
    const char *advice;
} refusal_table[] = {
    {"WRONGPASS", LOGIN_DONE,
     "wrong user or password, or the user is switched off: "
     "check redis.url and redis.password_file"},
    {"NOAUTH", LOGIN_DONE, "Redis wants a password: set redis.password_file"},
    {"NOPERM", LOGIN_DONE,
     "the user may not run this command: allow it by ACL SETUSER (+ping +select +role)"},
    {"LOADING", LOGIN_DONE, "Redis is still loading its data"},
    {"ERR", LOGIN_AUTH,
     "Redis has no password for this user, or takes no more clients: "
     "check redis.url and redis.password_file"},
    {"ERR", LOGIN_SELECT, "Redis has no database of this number: check redis.url"},
};

static bool password_read_file(struct password *password, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = 1;
    while (got > 0 && password->len < sizeof(password->bytes)) {
        got = read(fd, password->bytes + password->len,
                   sizeof(password->bytes) - password->len);
        if (got > 0)
            password->len += (size_t)got;
    }
    int error = errno;
    close(fd);
    errno = error;
    return got >= 0;
}

static void password_cut_line_end(struct password *password)
{
    if (password->len > 0 && password->bytes[password->len - 1] == '\n')
        password->len--;
    if (password->len > 0 && password->bytes[password->len - 1] == '\r')
        password->len--;
}

static bool password_read(struct password *password, const struct login *login,
                          enum fault_code code, struct fault *fault)
{
    const char *key = login->password_key;
    const char *path = login->password_file;
    if (!password_read_file(password, path))
        return fault_set(fault, code, "%s: %s cannot be read: %s", key, path, strerror(errno));
    if (password->len > PASSWORD_MAX)
        return fault_set(fault, code, "%s: %s holds more than %d bytes", key, path,
                         PASSWORD_MAX);
    password_cut_line_end(password);
    return true;
}

struct login login_of(const struct redis_conf *conf, const struct redis_url *url)
{
    if (url->is_sentinel)
        return (struct login){url, conf->sentinel_password_file, "redis.sentinel_password_file",
                              LOGIN_AUTH};
    return (struct login){url, conf->password_file, "redis.password_file", LOGIN_AUTH};
}

bool login_check(const struct login *login, struct fault *fault)
{
    if (!login->password_file) {
        if (login->url->user && !login->url->password)
            return fault_set(
                fault, FAULT_CONF,
                "redis.url: names a user without a password: set redis.password_file");
        return true;
    }
    struct password password = {.len = 0};
    bool read = password_read(&password, login, FAULT_CONF, fault);
    mem_wipe(&password, sizeof(password));
    return read;
}

static bool login_put(redisAsyncContext *context, redisCallbackFn *on_reply,
                      const struct slice *args, int count)
{
    const char *argv[3];
    size_t lens[3];
    for (int i = 0; i < count; i++) {
        argv[i] = args[i].ptr;
        lens[i] = args[i].len;
    }
    return redisAsyncCommandArgv(context, on_reply, NULL, count, argv, lens) == REDIS_OK;
}

static bool login_put_auth(const struct login *login, redisAsyncContext *context,
                           redisCallbackFn *on_reply, struct slice password)
{
    struct slice with_user[] = {SLICE("AUTH"), slice_of(login->url->user), password};
    struct slice without[] = {SLICE("AUTH"), password};
    return login->url->user ? login_put(context, on_reply, with_user, 3)
                            : login_put(context, on_reply, without, 2);
}

static bool login_auth(const struct login *login, redisAsyncContext *context,
                       redisCallbackFn *on_reply, struct fault *fault)
{
    if (!login->password_file)
        return login_put_auth(login, context, on_reply, slice_of(login->url->password));
    struct password password = {.len = 0};
    bool put = password_read(&password, login, FAULT_REDIS, fault) &&
               login_put_auth(login, context, on_reply,
                              (struct slice){password.bytes, password.len});
    mem_wipe(&password, sizeof(password));
    return put;
}

static bool login_select(const struct login *login, redisAsyncContext *context,
                         redisCallbackFn *on_reply)
{
    char db[16];
    snprintf(db, sizeof(db), "%u", login->url->db);
    struct slice args[] = {SLICE("SELECT"), slice_of(db)};
    return login_put(context, on_reply, args, 2);
}

bool login_send(struct login *login, redisAsyncContext *context, redisCallbackFn *on_reply,
                struct fault *fault)
{
    if (login->step == LOGIN_AUTH && !login->password_file && !login->url->password)
        login->step++;
    if (login->step == LOGIN_SELECT && login->url->db == 0)
        login->step++;
    if (login->step == LOGIN_ROLE && login->url->finder == FINDER_NONE)
        login->step++;
    fault_set(fault, FAULT_REDIS, "the connection takes no command");
    switch (login->step) {
    case LOGIN_AUTH:
        return login_auth(login, context, on_reply, fault);
    case LOGIN_SELECT:
        return login_select(login, context, on_reply);
    case LOGIN_PING:
        return login_put(context, on_reply, (const struct slice[]){SLICE("PING")}, 1);
    case LOGIN_ROLE:
        return login_put(context, on_reply, (const struct slice[]){SLICE("ROLE")}, 1);
    case LOGIN_DONE:
        return true;
    }
    return false;
}

static const char *login_advice(const struct login *login, struct slice word)
{
    enum login_step step = login->step;
    if (login->url->is_sentinel && (step == LOGIN_AUTH || slice_is_text(word, "NOAUTH")))
        return "give the password of the Sentinels: check redis.sentinel_password_file";
    for (size_t i = 0; i < sizeof(refusal_table) / sizeof(refusal_table[0]); i++) {
        const struct refusal *row = &refusal_table[i];
        if (slice_is_text(word, row->word) && (row->step == LOGIN_DONE || row->step == step))
            return row->advice;
    }
    return "look into the log of Redis";
}

/* ["master", ...] */
static bool login_is_master(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0)
        return false;
    const redisReply *role = reply->element[0];
    return role->type == REDIS_REPLY_STRING &&
           slice_is_text((struct slice){role->str, role->len}, "master");
}

bool login_judge(const struct login *login, const redisReply *reply, struct fault *fault)
{
    struct slice word = link_error_word(reply);
    if (word.len == 0)
        return login->step != LOGIN_ROLE || login_is_master(reply) ||
               fault_set(fault, FAULT_REDIS,
                         "the server that was named as the master is none: "
                         "a failover is under way, or did not end well");
    return fault_set(fault, FAULT_REDIS, "%s was refused with %.*s: %s",
                     step_words[login->step], SLICE_ARG(word), login_advice(login, word));
}
