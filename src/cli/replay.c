/*
 * replay.c - `elrelay dead replay` and `elrelay dead drop`.
 *
 * The ids are read first, then handed to a script in chunks, the oldest first. Each call moves
 * or drops what is still there, and writes one audit entry; so a command that was cut short can
 * be given again. What is set aside anew meanwhile is not touched.
 */

#include <stdio.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/letters.h"
#include "cli/post.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "elrelay/ground/mem.h"

enum { REPLAY_CHUNK = 250, REPLAY_OWN_ARGS = 6 };

struct replay_verb {
    const char *word;
    const char *done;  /* "replayed" */
    const char *where; /* they are then */
    const char *rest;  /* what is said of the others */
    bool wants_note;
};

struct replay {
    const struct replay_verb *verb;
    const struct route_conf *route;
    struct session *session;
    struct keys keys;
    const char *note;
    enum reason reason; /* REASON_NONE: any */
    struct stream_id *ids;
    size_t count;
    size_t cap;
    size_t at;
    size_t looked_at; /* in all shards */
    uint64_t changed;
    struct progress progress;
};

static void replay_add(struct replay *replay, struct stream_id id)
{
    if (replay->count == replay->cap) {
        replay->cap = replay->cap ? 2 * replay->cap : REPLAY_CHUNK;
        replay->ids = mem_resize(replay->ids, replay->cap, sizeof(*replay->ids));
    }
    replay->ids[replay->count++] = id;
}

static bool replay_take_letter(void *ctx, const struct letter_facts *letter)
{
    struct replay *replay = ctx;
    struct stream_id id;
    if ((replay->reason == REASON_NONE || letter->reason == replay->reason) &&
        stream_id_read(slice_of(letter->id), &id))
        replay_add(replay, id);
    progress_show(&replay->progress, replay->count, replay->count);
    return true;
}

/* All of them, or all with the reason; the oldest comes first. */
static bool replay_find(struct replay *replay, struct fault *fault)
{
    progress_begin(&replay->progress, replay->route->name, 0);
    bool done = letters_read(replay->session, &replay->keys, replay_take_letter, replay, fault);
    progress_end(&replay->progress);
    for (size_t i = 0; i < replay->count / 2; i++) {
        struct stream_id id = replay->ids[i];
        replay->ids[i] = replay->ids[replay->count - 1 - i];
        replay->ids[replay->count - 1 - i] = id;
    }
    return done;
}

/* {'done', looked at, changed} */
static void replay_on_done(void *ctx, const redisReply *reply)
{
    struct replay *replay = ctx;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
        return;
    replay->at += reply_number(reply->element[1]);
    replay->looked_at += reply_number(reply->element[1]);
    replay->changed += reply_number(reply->element[2]);
}

static bool replay_chunk(struct replay *replay, const char *by, struct fault *fault)
{
    char texts[REPLAY_CHUNK][STREAM_ID_TEXT_MAX];
    struct slice args[REPLAY_OWN_ARGS + REPLAY_CHUNK] = {slice_of(keys_prefix(&replay->keys)),
                                                         SLICE(""),
                                                         SLICE(""),
                                                         slice_of(by),
                                                         slice_of(replay->note),
                                                         slice_of(replay->verb->word)};
    size_t count = 0;
    for (; count < REPLAY_CHUNK && replay->at + count < replay->count; count++) {
        stream_id_write(texts[count], replay->ids[replay->at + count]);
        args[REPLAY_OWN_ARGS + count] = slice_of(texts[count]);
    }
    return session_ask(
        replay->session,
        &(struct question){.script = "replay",
                           SESSION_KEYS(slice_of(keys_name(&replay->keys, KEY_STREAM))),
                           .args = args,
                           .count = REPLAY_OWN_ARGS + count,
                           .doing = "change the dead letters",
                           .key = keys_name(&replay->keys, KEY_DEAD),
                           .use = replay_on_done,
                           .ctx = replay},
        fault);
}

static bool replay_all(struct replay *replay, struct fault *fault)
{
    char by[POST_BY_MAX];
    bool done = true;
    post_write_by(by);
    progress_begin(&replay->progress, replay->route->name, replay->count);
    while (done && replay->at < replay->count) {
        size_t before = replay->at;
        done = replay_chunk(replay, by, fault);
        if (done && replay->at == before)
            fault_bug("replay", "the script looked at none");
        progress_show(&replay->progress, replay->at, replay->at);
    }
    progress_end(&replay->progress);
    char text[SAY_MAX];
    return done || fault_add_context(fault, "%s of %zu surely %s, give the command again",
                                     say_number(text, replay->changed),
                                     replay->looked_at - replay->at + replay->count,
                                     replay->verb->done);
}

static void replay_say(const struct replay *replay, const char *name)
{
    char text[SAY_MAX];
    printf("%s: %s %s", name, say_count(text, replay->changed, "event", "s"),
           replay->verb->done);
    if (replay->changed < replay->looked_at)
        printf(", %s %s", say_number(text, replay->looked_at - replay->changed),
               replay->verb->rest);
    printf("%s\n", replay->changed ? replay->verb->where : "");
}

static bool replay_shard(struct replay *replay, const struct route_conf *shard, bool by_id,
                         struct fault *fault)
{
    replay->route = shard;
    replay->at = 0;
    replay->count = by_id ? replay->count : 0;
    keys_init(&replay->keys, shard);
    bool done = session_aim(replay->session, &replay->keys, fault) &&
                (by_id || replay_find(replay, fault)) && replay_all(replay, fault);
    keys_free(&replay->keys);
    return done;
}

static bool replay_route(struct replay *replay, const struct choice *choice, bool by_id,
                         struct fault *fault)
{
    const char *name = choice->count > 1 ? choice->routes->whole->name : choice->routes->name;
    replay->session = session_open(choice, fault);
    bool done = replay->session != NULL;
    for (size_t i = 0; done && i < choice->count; i++)
        done = replay_shard(replay, &choice->routes[i], by_id, fault);
    if (done)
        replay_say(replay, name);
    session_close(replay->session);
    if (done && by_id && replay->changed == 0)
        return fault_set(fault, FAULT_GENERAL,
                         "route %s has no dead letter with such an id; `elrelay dead list` "
                         "shows them",
                         name);
    return done;
}

static bool replay_read_ids(const struct cli_call *call, struct replay *replay,
                            struct fault *fault)
{
    for (size_t i = 0; i < call->operand_count; i++) {
        struct stream_id id;
        if (!stream_id_read(slice_of(call->operands[i]), &id))
            return fault_set(fault, FAULT_USAGE,
                             "ID looks like 1764000000000-0; `elrelay dead list` shows them");
        replay_add(replay, id);
    }
    return true;
}

static bool replay_read_options(const struct cli_call *call, struct replay *replay,
                                struct fault *fault)
{
    const char *note = call->values[OPTION_NOTE];
    int selections = (call->operand_count > 0) + (call->values[OPTION_WITH_REASON] != NULL) +
                     (call->values[OPTION_ALL] != NULL);
    if (selections != 1)
        return fault_set(fault, FAULT_USAGE,
                         "`%s` wants one of: ID..., --reason WORD, or --all",
                         call->command->words);
    if (replay->verb->wants_note && !(note && note[0]))
        return fault_set(fault, FAULT_USAGE,
                         "`%s` needs --note TEXT: why, for the audit stream",
                         call->command->words);
    replay->note = note ? note : "";
    replay->reason = choice_reason(call);
    return replay_read_ids(call, replay, fault);
}

static bool replay_run(const struct cli_call *call, const struct replay_verb *verb,
                       struct fault *fault)
{
    struct replay replay = {.verb = verb};
    struct choice choice;
    const bool by_id = call->operand_count > 0; /* which another shard may have given too */
    bool done = replay_read_options(call, &replay, fault) &&
                (by_id ? choice_read_shard(&choice, call, fault)
                       : choice_read_one(&choice, call, fault));
    if (done) {
        done = replay_route(&replay, &choice, by_id, fault);
        choice_free(&choice);
    }
    mem_free(replay.ids);
    return done;
}

bool dead_replay(const struct cli_call *call, struct fault *fault)
{
    static const struct replay_verb verb = {"replay", "replayed",
                                            "; sent at the next cycle, or by `elrelay flush`",
                                            "not there any more, or without content", false};
    return replay_run(call, &verb, fault);
}

bool dead_drop(const struct cli_call *call, struct fault *fault)
{
    static const struct replay_verb verb = {"drop", "dropped", "", "not there any more", true};
    return replay_run(call, &verb, fault);
}
