#ifndef ELRELAY_CLI_SESSION_H
#define ELRELAY_CLI_SESSION_H

/*
 * session.h - a command's talk with Redis: one question, one answer, in order.
 *
 * It stands on the daemon's own link, so that a URL, a user, a password file, TLS or a socket
 * mean the same here. Each call runs the loop until its answer has come. Unlike the daemon, a
 * command does not try again: a link that goes down ends it with exit code 4.
 */

#include <stdbool.h>
#include <stdint.h>

#include "cli/choice.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/edge/redis/link.h"
#include "elrelay/ground/fault.h"

struct session;

/* Connects, in a cluster to the node of the first route that is meant; NULL and a fault where
 * that fails. The choice is borrowed until session_close. */
struct session *session_open(const struct choice *choice, struct fault *fault);

/* Before questions about another route: in a cluster, goes to the node where its keys lie.
 * False and a fault where that cannot be reached; then the session is down. */
bool session_aim(struct session *session, const struct keys *keys, struct fault *fault);

/* Accepts NULL. */
void session_close(struct session *session);

struct question {
    const char *script;       /* NULL: a plain command */
    const struct slice *keys; /* of a script */
    size_t key_count;
    const struct slice *args; /* of a script, or the whole command */
    size_t count;
    const char *doing; /* for messages: "read the dead letters" */
    const char *key;   /* for messages: the key it is about, NULL: none */
    const char
        *nothing; /* an error of this word means that there is nothing: `use` is not called */
    uint64_t timeout_ms; /* 0: the configured one */
    void (*use)(
        void *ctx,
        const redisReply *reply); /* never an error; valid during the call; may be NULL */
    void *ctx;
};

#define SESSION_ARGS(...)                                                                      \
    .args = (const struct slice[]){__VA_ARGS__},                                               \
    .count = sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice)

#define SESSION_KEYS(...)                                                                      \
    .keys = (const struct slice[]){__VA_ARGS__},                                               \
    .key_count = sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice)

/* False and a fault where Redis refused, or where the link went down. */
bool session_ask(struct session *session, const struct question *question, struct fault *fault);

/* The server it talks to, without secrets. */
const char *session_name(const struct session *session);

/* The node of a cluster that it stands at; nothing elsewhere. */
void session_write_node(const struct session *session, struct buf *to);

/* False once the link went down: what was asked last may or may not have been done. */
bool session_is_up(const struct session *session);

/* What an error reply means for a person: FAULT_REDIS; always false. */
bool session_refused(const redisReply *reply, const struct question *question,
                     struct fault *fault);

/* Text of a string or status reply; empty for any other, and for NULL. */
struct slice reply_text(const redisReply *reply);

/* A whole number, also one that came as text; 0 for anything else. */
uint64_t reply_number(const redisReply *reply);

/* The value behind a field of a flat array of fields and values; NULL where there is none. */
const redisReply *reply_field(const redisReply *fields, const char *name);

#endif
