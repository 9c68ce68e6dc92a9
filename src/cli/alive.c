/*
 * alive.c - names and tokens from the hash of instances, heartbeats from their keys.
 */

#include "cli/alive.h"

#include <stdio.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/number.h"

static bool alive_copy(char to[ALIVE_NAME_MAX], const redisReply *reply)
{
    struct slice text = reply_text(reply);
    if (text.len == 0 || text.len >= ALIVE_NAME_MAX)
        return false;
    snprintf(to, ALIVE_NAME_MAX, "%.*s", SLICE_ARG(text));
    return true;
}

static void alive_on_instances(void *ctx, const redisReply *reply)
{
    struct alive *alive = ctx;
    for (size_t i = 0; i + 1 < reply->elements && alive->count < ALIVE_MAX; i += 2) {
        struct alive_daemon *daemon = &alive->list[alive->count];
        *daemon = (struct alive_daemon){.lives = true};
        alive->count += alive_copy(daemon->name, reply->element[i]) &&
                        alive_copy(daemon->token, reply->element[i + 1]);
    }
}

static void alive_on_heartbeat(void *ctx, const redisReply *reply)
{
    struct alive_daemon *daemon = ctx;
    daemon->lives = slice_is_text(reply_text(reply), daemon->token);
}

bool alive_look(struct session *session, const struct keys *keys, struct alive *alive,
                struct fault *fault)
{
    bool done = true;
    for (size_t i = 0; done && i < alive->count; i++) {
        struct alive_daemon *daemon = &alive->list[i];
        if (!daemon->lives)
            continue;
        struct buf key;
        buf_init(&key, 1024);
        buf_add_format(&key, "%s%s", keys_name(keys, KEY_HEARTBEAT), daemon->name);
        done = session_ask(session,
                           &(struct question){SESSION_ARGS(SLICE("GET"), buf_slice(&key)),
                                              .doing = "look for live daemons",
                                              .key = buf_text(&key), .use = alive_on_heartbeat,
                                              .ctx = daemon},
                           fault);
        buf_free(&key);
    }
    return done;
}

bool alive_read(struct session *session, const struct keys *keys, struct alive *alive,
                struct fault *fault)
{
    alive->count = 0;
    const char *key = keys_name(keys, KEY_INSTANCES);
    return session_ask(session,
                       &(struct question){SESSION_ARGS(SLICE("HGETALL"), slice_of(key)),
                                          .doing = "look for live daemons", .key = key,
                                          .use = alive_on_instances, .ctx = alive},
                       fault) &&
           alive_look(session, keys, alive, fault);
}

/* "open auth 1700000000000" */
static void alive_on_circuit(void *ctx, const redisReply *reply)
{
    struct alive_daemon *daemon = ctx;
    struct slice text = reply_text(reply);
    struct slice state = slice_next_word(&text);
    struct slice why = slice_next_word(&text);
    snprintf(daemon->circuit, ALIVE_WORD_MAX, "%.*s", SLICE_ARG(state));
    snprintf(daemon->why, ALIVE_WORD_MAX, "%.*s", SLICE_ARG(why));
    if (!number_read_u64(slice_next_word(&text), &daemon->since_ms))
        daemon->since_ms = 0;
}

static void alive_on_durability(void *ctx, const redisReply *reply)
{
    struct alive_daemon *daemon = ctx;
    snprintf(daemon->durability, ALIVE_WORD_MAX, "%.*s", SLICE_ARG(reply_text(reply)));
}

static void alive_on_ledger(void *ctx, const redisReply *reply)
{
    struct alive_daemon *daemon = ctx;
    snprintf(daemon->ledger, ALIVE_WORD_MAX, "%.*s", SLICE_ARG(reply_text(reply)));
}

/* In fields WORD:NAME of the route's state. */
static const struct alive_note {
    const char *word;
    void (*use)(void *ctx, const redisReply *reply);
} alive_notes[] = {{"circuit", alive_on_circuit},
                   {"durability", alive_on_durability},
                   {"ledger", alive_on_ledger}};

static bool alive_ask_note(struct session *session, const char *key,
                           struct alive_daemon *daemon, const struct alive_note *note,
                           struct fault *fault)
{
    char field[ALIVE_NAME_MAX + 16];
    snprintf(field, sizeof(field), "%s:%s", note->word, daemon->name);
    struct question question = {SESSION_ARGS(SLICE("HGET"), slice_of(key), slice_of(field)),
                                .doing = "ask what a daemon notes of itself", .key = key,
                                .use = note->use, .ctx = daemon};
    return session_ask(session, &question, fault);
}

bool alive_read_notes(struct session *session, const struct keys *keys, struct alive *alive,
                      struct fault *fault)
{
    bool done = true;
    size_t notes = sizeof(alive_notes) / sizeof(alive_notes[0]);
    for (size_t i = 0; i < alive->count; i++)
        for (size_t at = 0; done && alive->list[i].lives && at < notes; at++)
            done = alive_ask_note(session, keys_name(keys, KEY_STATE), &alive->list[i],
                                  &alive_notes[at], fault);
    return done;
}

bool alive_has(const struct alive *alive, const char *token)
{
    for (size_t i = 0; i < alive->count; i++)
        if (alive->list[i].lives && strcmp(alive->list[i].token, token) == 0)
            return true;
    return false;
}

size_t alive_count(const struct alive *alive, bool waiting)
{
    size_t count = 0;
    for (size_t i = 0; i < alive->count; i++)
        count += alive->list[i].lives && !(waiting && alive->list[i].answered);
    return count;
}
