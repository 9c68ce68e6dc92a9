/*
 * beyond.c - shards that were served once and are no more, since `shards` became less.
 *
 * When the first shard of a route is ready, it is noted as how many shards it is served, and
 * asked what the most ever was. Those beyond are looked at one after the other, each over a
 * connection of its own, for it may lie on another node; what is left in one is told once, as
 * an error: nobody else would ever look there.
 */

#include "daemon_parts.h"

#include "elrelay/core/told/shard.h"
#include "elrelay/edge/queue/served.h"
#include "elrelay/ground/mem.h"

enum beyond_what { BEYOND_EVENTS, BEYOND_BATCHES, BEYOND_DEAD, BEYOND_INBOX, BEYOND_WHATS };

struct beyond_answer {
    struct beyond *beyond;
    uint64_t number;
};

/* The look of one route. */
struct beyond {
    struct beyond *next;
    struct daemon *daemon;
    const struct route_conf *whole;
    bool noted; /* how many shards there are */
    bool asked;
    size_t most;
    struct route_conf shard; /* that is looked at */
    struct keys keys;
    struct link *link; /* NULL: none is looked at now */
    struct beyond_answer answers[BEYOND_WHATS];
    size_t missing; /* answers */
    bool refused;   /* one of them */
};

static void beyond_next(struct beyond *beyond);

static void beyond_forget_shard(struct beyond *beyond)
{
    keys_free(&beyond->keys);
    shard_free(&beyond->shard);
    beyond->shard = (struct route_conf){.shard = beyond->shard.shard};
}

static void beyond_on_closed(void *ctx)
{
    struct beyond *beyond = ctx;
    beyond_forget_shard(beyond);
    beyond->shard.shard++;
    beyond_next(beyond);
}

static void beyond_close_link(struct beyond *beyond)
{
    struct link *link = beyond->link;
    beyond->link = NULL;
    link_close(link, beyond_on_closed, beyond);
}

static void beyond_judge(const struct beyond *beyond)
{
    const struct beyond_answer *found = beyond->answers;
    uint64_t events = found[BEYOND_EVENTS].number + found[BEYOND_INBOX].number;
    if (!beyond->refused &&
        events + found[BEYOND_BATCHES].number + found[BEYOND_DEAD].number == 0)
        return;
    struct fault why = {0};
    fault_set(
        &why, FAULT_CONF,
        "route %s has shards: %zu, so nobody reads this one; %s`elrelay flush --route %s` "
        "sends what waits there",
        beyond->whole->name, beyond->whole->shards,
        beyond->refused ? "Redis refuses to say what is left; " : "", beyond->shard.name);
    log_write(LOG_ERROR, "shard_left_behind", log_word("route", beyond->shard.name),
              log_number("events", events), log_number("batches", found[BEYOND_BATCHES].number),
              log_number("dead", found[BEYOND_DEAD].number), log_word("why", why.text));
}

static void beyond_on_answer(void *ctx, const redisReply *reply)
{
    struct beyond_answer *answer = ctx;
    struct beyond *beyond = answer->beyond;
    if (!reply || !beyond->link)
        return;
    bool is_number = reply->type == REDIS_REPLY_INTEGER && reply->integer > 0;
    answer->number = is_number ? (uint64_t)reply->integer : 0;
    beyond->refused |= reply->type == REDIS_REPLY_ERROR;
    if (--beyond->missing)
        return;
    beyond_judge(beyond);
    beyond_close_link(beyond);
}

static void beyond_on_up(void *ctx)
{
    static const struct {
        const char *command;
        enum key key;
    } rows[BEYOND_WHATS] = {[BEYOND_EVENTS] = {"XLEN", KEY_STREAM},
                            [BEYOND_BATCHES] = {"ZCARD", KEY_OPEN},
                            [BEYOND_DEAD] = {"XLEN", KEY_DEAD},
                            [BEYOND_INBOX] = {"LLEN", KEY_INBOX}};
    struct beyond *beyond = ctx;
    beyond->refused = false;
    beyond->missing = beyond->shard.queue.inbox ? BEYOND_WHATS : BEYOND_INBOX;
    for (size_t i = 0, count = beyond->missing; i < count; i++) {
        struct slice args[] = {slice_of(rows[i].command),
                               slice_of(keys_name(&beyond->keys, rows[i].key))};
        beyond->answers[i] = (struct beyond_answer){.beyond = beyond};
        link_send(beyond->link, &(struct command){args, 2, 0}, beyond_on_answer,
                  &beyond->answers[i]);
    }
}

/* The route's own link tells of the same trouble; this one comes back by itself. */
static void beyond_on_down(void *ctx, const struct fault *fault, uint64_t retry_ms)
{
    (void)ctx;
    (void)fault;
    (void)retry_ms;
}

/* Whether there is another one that no route is written for. */
static bool beyond_find(struct beyond *beyond)
{
    const struct conf *conf = beyond->daemon->first;
    for (size_t number = beyond->shard.shard; number < beyond->most; number++) {
        shard_init(&beyond->shard, beyond->whole, number);
        if (!conf_route(conf, beyond->shard.name)) {
            keys_init(&beyond->keys, &beyond->shard);
            return true;
        }
        beyond_forget_shard(beyond);
    }
    return false;
}

static void beyond_next(struct beyond *beyond)
{
    struct daemon *daemon = beyond->daemon;
    struct link_events events = {beyond_on_up, beyond_on_down, beyond};
    struct fault ignored;
    if (daemon->phase == DAEMON_CLOSING || !beyond_find(beyond))
        return;
    beyond->link = link_new(&daemon->loop, &daemon->first->redis, &events, &ignored);
    if (!beyond->link)
        return;
    link_serve(beyond->link, keys_nothing(&beyond->keys));
    link_open(beyond->link);
}

static void beyond_on_most(void *ctx, const redisReply *reply)
{
    struct beyond *beyond = ctx;
    beyond->asked = reply != NULL; /* else once more when the route is ready again */
    if (!reply)
        return;
    beyond->most = served_most(reply, beyond->whole->shards);
    beyond->shard.shard = beyond->whole->shards;
    beyond_next(beyond);
}

/* A plain command: Redis may be full. The rest goes on; it is noted when the route is ready
 * anew. */
static void beyond_on_noted(void *ctx, const redisReply *reply)
{
    struct beyond *beyond = ctx;
    beyond->noted = reply && reply->type == REDIS_REPLY_INTEGER;
    if (reply && !beyond->noted)
        log_write(LOG_ERROR, "shards_not_noted", log_word("route", beyond->whole->name),
                  log_number("shards", beyond->whole->shards),
                  log_word("why", "Redis refused it; were shards made less now, nobody would "
                                  "tell what is left beyond"));
}

static void beyond_note(struct beyond *beyond, const struct keys *keys, struct link *link)
{
    struct served served;
    served_note(&served, keys, beyond->whole->shards);
    beyond->noted = served.count == 0;
    if (!beyond->noted)
        link_send(link, &(struct command){served.args, served.count, 0}, beyond_on_noted,
                  beyond);
}

static void beyond_ask(struct beyond *beyond, const struct keys *keys, struct link *link)
{
    struct served served;
    served_ask_for_more(&served, keys, beyond->whole->shards);
    beyond->asked = served.count == 0 ||
                    link_send(link, &(struct command){served.args, served.count, 0},
                              beyond_on_most, beyond);
}

void beyond_look(struct daemon *daemon, const char *route, struct link *link)
{
    const struct route_conf *first = conf_route(daemon->first, route);
    if (!first || first->shard)
        return;
    struct beyond *beyond = daemon->beyond;
    while (beyond && beyond->whole != first->whole)
        beyond = beyond->next;
    if (!beyond) {
        beyond = mem_zalloc(sizeof(*beyond));
        *beyond = (struct beyond){
            .next = daemon->beyond, .daemon = daemon, .whole = first->whole};
        daemon->beyond = beyond;
    }
    struct keys keys;
    keys_init(&keys, first);
    if (!beyond->noted)
        beyond_note(beyond, &keys, link);
    if (!beyond->asked)
        beyond_ask(beyond, &keys, link);
    keys_free(&keys);
}

void beyond_close(struct daemon *daemon)
{
    for (struct beyond *beyond = daemon->beyond; beyond; beyond = beyond->next)
        if (beyond->link)
            beyond_close_link(beyond);
}

void beyond_free(struct daemon *daemon)
{
    while (daemon->beyond) {
        struct beyond *beyond = daemon->beyond;
        daemon->beyond = beyond->next;
        beyond_forget_shard(beyond);
        mem_free(beyond);
    }
}
