/*
 * session.c - the link driven by hand: send, turn the loop, take the answer.
 *
 * An error of Redis can quote what it was given, so no more than its first word is ever shown;
 * what it means and what to do stands in a table here.
 */

#include "cli/session.h"

#include <stdio.h>

#include <uv.h>

#include "elrelay/core/told/slot.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/edge/redis/script.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"

enum session_state { SESSION_CONNECTING, SESSION_UP, SESSION_DOWN, SESSION_CLOSED };

struct session {
    const struct redis_conf *conf;
    uv_loop_t loop;
    struct link *link;
    enum session_state state;
    struct fault down; /* why the link went down */
    const struct question *question;
    struct fault *fault;
    bool answered;
    bool done;
};

struct session_advice {
    const char *word;
    const char *advice;
};

static const struct session_advice session_advices[] = {
    {"NOPERM",
     "the Redis user lacks this right; `elrelay check --connect` lists what the daemon lacks"},
    {"WRONGTYPE", "another program uses a key of this name for something else"},
    {"OOM", "Redis is at its maxmemory; give it more, or let the daemon send what is queued"},
    {"NOGROUP", "the daemon has not made the consumer group yet; start it once"},
    {"READONLY", "this is a replica; redis.url must name the master"},
    {"MOVED", "the slot has moved to another node; try again"},
    {"CLUSTERDOWN", "the cluster is down, or no node serves the slot; look at its state"},
    {"MASTERDOWN", "this is a replica that has lost its master; try again in a while"},
    {"ASK", "the slot is being moved to another node; try again when that is done"},
    {"TRYAGAIN", "the slot is being moved to another node; try again when that is done"},
    {"MISCONF", "Redis cannot write to its disk and refuses writes; look at its log"},
    {"LOADING", "Redis is still loading its data; try again in a while"},
    {"BUSY", "another client's script blocks Redis; try again in a while"},
    {"ERR", "the Redis user may lack a right; "
            "`elrelay check --connect` lists what the daemon lacks"},
    {"NOAUTH", "Redis wants a password: set redis.password_file"},
};

bool session_refused(const redisReply *reply, const struct question *question,
                     struct fault *fault)
{
    struct slice word = link_error_word(reply);
    struct slice what = question->script ? slice_of(question->script) : question->args[0];
    const char *advice = "see the log of Redis";
    for (size_t i = 0; i < sizeof(session_advices) / sizeof(session_advices[0]); i++)
        if (slice_is_text(word, session_advices[i].word))
            advice = session_advices[i].advice;
    return fault_set(fault, FAULT_REDIS, "cannot %s (%s%.*s%s%s): Redis says %.*s: %s",
                     question->doing, question->script ? "script " : "", SLICE_ARG(what),
                     question->key ? " " : "", question->key ? question->key : "",
                     SLICE_ARG(word), advice);
}

static void session_on_up(void *ctx)
{
    struct session *session = ctx;
    session->state = SESSION_UP;
}

static void session_on_down(void *ctx, const struct fault *fault, uint64_t retry_ms)
{
    (void)retry_ms;
    struct session *session = ctx;
    session->state = SESSION_DOWN;
    session->down = *fault;
    session->down.code = FAULT_REDIS;
}

static void session_on_closed(void *ctx)
{
    struct session *session = ctx;
    session->state = SESSION_CLOSED;
}

static bool session_connect(struct session *session, const char *key, struct fault *fault)
{
    struct link_events events = {session_on_up, session_on_down, session};
    session->link = link_new(&session->loop, session->conf, &events, fault);
    session->state = session->link ? SESSION_CONNECTING : SESSION_DOWN;
    session->down = *fault;
    if (!session->link)
        return false;
    link_serve(session->link, key);
    link_open(session->link);
    while (session->state == SESSION_CONNECTING)
        uv_run(&session->loop, UV_RUN_ONCE);
    if (session->state != SESSION_UP)
        *fault = session->down;
    return session->state == SESSION_UP;
}

struct session *session_open(const struct choice *choice, struct fault *fault)
{
    struct session *session = mem_zalloc(sizeof(*session));
    session->conf = &choice->conf.redis;
    uv_loop_init(&session->loop);
    struct keys keys;
    keys_init(&keys, choice->routes);
    bool up = session_connect(session, keys_nothing(&keys), fault);
    keys_free(&keys);
    if (up)
        return session;
    session_close(session);
    return NULL;
}

bool session_aim(struct session *session, const struct keys *keys, struct fault *fault)
{
    const char *key = session->link ? link_key(session->link) : NULL;
    const char *wanted = keys_nothing(keys);
    *fault = session->down;
    if (!session->link)
        return false;
    if (!key || slot_of(slice_of(key)) == slot_of(slice_of(wanted)))
        return true;
    link_close(session->link, session_on_closed, session);
    uv_run(&session->loop, UV_RUN_DEFAULT);
    return session_connect(session, wanted, fault);
}

void session_close(struct session *session)
{
    if (!session)
        return;
    link_close(session->link, session_on_closed, session);
    uv_run(&session->loop, UV_RUN_DEFAULT);
    uv_loop_close(&session->loop);
    mem_free(session);
}

const char *session_name(const struct session *session)
{
    return link_name(session->link);
}

void session_write_node(const struct session *session, struct buf *to)
{
    link_write_server(session->link, to);
}

bool session_is_up(const struct session *session)
{
    return session->state == SESSION_UP;
}

/* One turn of the loop; false and a fault once the link is down. */
static bool session_turn(struct session *session, struct fault *fault)
{
    if (session->state == SESSION_UP)
        uv_run(&session->loop, UV_RUN_ONCE);
    if (session->state != SESSION_UP)
        *fault = session->down;
    return session->state == SESSION_UP;
}

/* A script of ours says so where a key that it writes to is something else. */
static bool session_is_wrong_type(const redisReply *reply, const struct question *question,
                                  struct fault *fault)
{
    if (!question->script || reply->type != REDIS_REPLY_ARRAY || reply->elements < 4 ||
        !slice_is_text(reply_text(reply->element[0]), "wrongtype"))
        return false;
    fault_set(fault, FAULT_REDIS,
              "cannot %s: the key %.*s is a %.*s, not a %.*s: another program uses its name",
              question->doing, SLICE_ARG(reply_text(reply->element[1])),
              SLICE_ARG(reply_text(reply->element[2])),
              SLICE_ARG(reply_text(reply->element[3])));
    return true;
}

static void session_on_reply(void *ctx, const redisReply *reply)
{
    struct session *session = ctx;
    const struct question *question = session->question;
    session->answered = true;
    if (!reply)
        return; /* the link is going down: session_turn tells why */
    if (session_is_wrong_type(reply, question, session->fault))
        return;
    session->done = reply->type != REDIS_REPLY_ERROR;
    if (session->done && question->use)
        question->use(question->ctx, reply);
    else if (!session->done && question->nothing &&
             slice_is_text(link_error_word(reply), question->nothing))
        session->done = true;
    else if (!session->done)
        session_refused(reply, question, session->fault);
}

static bool session_send(struct session *session, const struct question *question)
{
    uv_update_time(&session->loop); /* it stood still while the command did something else */
    if (!question->script)
        return link_send(
            session->link,
            &(struct command){question->args, question->count, question->timeout_ms},
            session_on_reply, session);
    struct script_call call = {script_by_name(question->script), question->keys,
                               question->key_count, question->args, question->count};
    return script_send(session->link, &call, session_on_reply, session);
}

bool session_ask(struct session *session, const struct question *question, struct fault *fault)
{
    session->question = question;
    session->fault = fault;
    session->answered = false;
    session->done = false;
    bool up = session_send(session, question);
    while (up && !session->answered)
        up = session_turn(session, fault);
    if (up)
        return session->done;
    while (session->state == SESSION_UP)
        session_turn(session, fault);
    *fault = session->down;
    return fault_add_context(fault, "cannot %s", question->doing);
}

struct slice reply_text(const redisReply *reply)
{
    if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS))
        return SLICE("");
    return (struct slice){reply->str, reply->len};
}

uint64_t reply_number(const redisReply *reply)
{
    uint64_t number = 0;
    if (reply && reply->type == REDIS_REPLY_INTEGER)
        return reply->integer > 0 ? (uint64_t)reply->integer : 0;
    return number_read_u64(reply_text(reply), &number) ? number : 0;
}

const redisReply *reply_field(const redisReply *fields, const char *name)
{
    if (!fields || fields->type != REDIS_REPLY_ARRAY)
        return NULL;
    for (size_t i = 0; i + 1 < fields->elements; i += 2)
        if (slice_is_text(reply_text(fields->element[i]), name))
            return fields->element[i + 1];
    return NULL;
}
