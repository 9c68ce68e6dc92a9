/*
 * operate.c - what a person decides about a batch: `elrelay held accept|resend|terminate` and
 * `elrelay batch terminate|release`.
 *
 * One script changes the state and writes the audit entry. What follows from the new state any
 * process may do, so it is done here: an accepted batch is drained, a terminated one is
 * abandoned; for one that is to be sent the daemons are called. Killed between the two, a
 * daemon does the rest.
 */

#include <stdio.h>

#include "cli/batches.h"
#include "cli/commands.h"
#include "cli/post.h"
#include "cli/say.h"

struct operate_verb {
    const char *word;
    bool of_held; /* although it is allowed in other states too */
};

struct operate {
    const struct operate_verb *verb;
    struct session *session;
    struct batch_found found;
    const char *to; /* queue, dead, or "" */
    const char *reason;
    bool done;    /* the last script did something */
    uint64_t ver; /* as it answered */
    uint64_t rest;
};

/* What to do instead. */
static const char *const operate_advices[FLOW_STATE_COUNT] = {
    [FLOW_NONE] = "its manifest is gone",
    [FLOW_FORMING] = "its events are still being read; nothing was sent",
    [FLOW_SEALED] = "it is sent when its turn comes; `elrelay batch terminate` ends it",
    [FLOW_SENDING] = "it is on the wire; wait for its outcome",
    [FLOW_UNKNOWN] = "the daemon finds out whether it was taken, or holds it",
    [FLOW_ACCEPTED] = "it was taken; nothing is left to decide",
    [FLOW_COMPLETED] = "it was delivered; nothing is left to decide",
    [FLOW_UNREPORTED] = "its route sends nothing (profile none); nothing is left to decide",
    [FLOW_HELD] = "see `elrelay held list`: accept, resend or terminate it",
    [FLOW_SPLIT] = "it goes on as other batches; `elrelay batch show` names them",
    [FLOW_FAILED] = "`elrelay batch release` or `elrelay batch terminate` ends it",
    [FLOW_TERMINATED] = "it is over; its events are on the queue or dead letters",
};

static bool operate_refused(enum flow_state state, struct fault *fault)
{
    return fault_set(fault, FAULT_GENERAL, "batch is in state %s: %s", flow_state_word(state),
                     operate_advices[state]);
}

/* The script knows what is allowed in which state. */
static bool operate_may(const struct operate *operate, struct fault *fault)
{
    enum flow_state state = batches_state(&operate->found.facts);
    return !operate->verb->of_held || state == FLOW_HELD || operate_refused(state, fault);
}

/* {'done', ver, state, ...} or {'refused', why, state, ver} */
static void operate_on_done(void *ctx, const redisReply *reply)
{
    struct operate *operate = ctx;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
        return;
    operate->done = slice_is_text(reply_text(reply->element[0]), "done");
    operate->ver = reply_number(reply->element[1]);
    operate->rest = reply->elements > 3 ? reply_number(reply->element[3]) : 0;
    snprintf(operate->found.facts.values[BATCH_FACT_STATE], BATCH_FACT_MAX, "%.*s",
             SLICE_ARG(reply_text(reply->element[2])));
}

enum { OPERATE_ARGS = 4, OPERATE_NUMBER_MAX = 24 };

/* A script about the batch; more are its own arguments, up to NULL. */
static bool operate_call(struct operate *operate, const char *script,
                         const char *const more[OPERATE_ARGS], struct fault *fault)
{
    const struct keys *keys = &operate->found.keys;
    struct slice args[4 + OPERATE_ARGS] = {slice_of(keys_prefix(keys)), SLICE(""), SLICE(""),
                                           slice_of(operate->found.facts.id.text)};
    size_t count = 4;
    for (size_t i = 0; i < OPERATE_ARGS && more[i]; i++)
        args[count++] = slice_of(more[i]);
    operate->done = false;
    return session_ask(operate->session,
                       &(struct question){.script = script,
                                          SESSION_KEYS(slice_of(keys_name(keys, KEY_STREAM))),
                                          .args = args,
                                          .count = count,
                                          .doing = "change the batch",
                                          .use = operate_on_done,
                                          .ctx = operate},
                       fault);
}

static bool operate_decide(struct operate *operate, struct fault *fault)
{
    char by[POST_BY_MAX];
    post_write_by(by);
    const char *const more[OPERATE_ARGS] = {operate->verb->word, operate->to, by,
                                            operate->reason};
    if (!operate_call(operate, "operate", more, fault))
        return false;
    return operate->done || operate_refused(batches_state(&operate->found.facts), fault);
}

static bool operate_read(struct operate *operate, struct fault *fault)
{
    return batches_read(operate->session, &operate->found.keys, &operate->found.facts, fault);
}

static bool operate_lacks_ids(struct fault *fault)
{
    return fault_set(fault, FAULT_GENERAL,
                     "its manifest lacks ids that it counts; its events stay pending");
}

/* How long the receipt is kept, in ms. */
static void operate_write_keep(const struct operate *operate, char text[OPERATE_NUMBER_MAX])
{
    snprintf(text, OPERATE_NUMBER_MAX, "%llu",
             (unsigned long long)operate->found.route->receipts.keep_ms);
}

/* A daemon may drain it at the same time: then what that one did counts. */
static bool operate_drain(struct operate *operate, struct fault *fault)
{
    struct batch_facts *facts = &operate->found.facts;
    uint64_t events = batches_number(facts, BATCH_FACT_EVENTS);
    uint64_t drained = batches_number(facts, BATCH_FACT_DRAINED);
    char keep[OPERATE_NUMBER_MAX];
    operate_write_keep(operate, keep);
    while (drained < events) {
        char from[OPERATE_NUMBER_MAX];
        snprintf(from, sizeof(from), "%llu", (unsigned long long)drained);
        const char *const more[OPERATE_ARGS] = {from, keep};
        if (!operate_call(operate, "drain", more, fault) || !operate_read(operate, fault))
            return false;
        uint64_t now = batches_number(facts, BATCH_FACT_DRAINED);
        if (now <= drained)
            return operate_lacks_ids(fault);
        drained = now;
    }
    return true;
}

static bool operate_abandon(struct operate *operate, struct fault *fault)
{
    char keep[OPERATE_NUMBER_MAX];
    operate_write_keep(operate, keep);
    do {
        char ver[OPERATE_NUMBER_MAX];
        snprintf(ver, sizeof(ver), "%llu", (unsigned long long)operate->ver);
        const char *const more[OPERATE_ARGS] = {ver, keep};
        if (!operate_call(operate, "abandon", more, fault))
            return false;
        if (!operate->done)
            return operate_lacks_ids(fault);
    } while (operate->rest > 0);
    return operate_read(operate, fault);
}

static bool operate_call_daemons(struct operate *operate, struct fault *fault)
{
    struct post post;
    return post_message(operate->session, &operate->found.keys,
                        &(struct post_setup){.type = CONTROL_FLUSH}, &post, fault);
}

/* What follows from the state that it has now. */
static bool operate_follow(struct operate *operate, struct fault *fault)
{
    enum flow_state state = batches_state(&operate->found.facts);
    bool done = true;
    if (state == FLOW_ACCEPTED)
        done = operate_drain(operate, fault);
    else if (state == FLOW_TERMINATED)
        done = operate_abandon(operate, fault);
    else
        done = operate_call_daemons(operate, fault);
    return done || fault_add_context(fault, "the batch is %s, and a daemon goes on with it",
                                     flow_state_word(state));
}

static void operate_say(const struct operate *operate)
{
    const struct batch_facts *facts = &operate->found.facts;
    char text[SAY_MAX];
    say_count(text, batches_number(facts, BATCH_FACT_EVENTS), "event", "s");
    printf("%s: batch %s is %s; ", operate->found.route->name, facts->id.text,
           flow_state_word(batches_state(facts)));
    if (batches_state(facts) == FLOW_ACCEPTED)
        printf("%s settled\n", text);
    else if (batches_state(facts) != FLOW_TERMINATED)
        printf("%s to be sent by the next daemon that looks\n", text);
    else if (strcmp(facts->values[BATCH_FACT_TO], "dead") == 0)
        printf("%s set aside as dead letters\n", text);
    else
        printf("%s back on the queue\n", text);
}

static bool operate_read_options(const struct cli_call *call, struct operate *operate,
                                 struct fault *fault)
{
    operate->reason = call->values[OPTION_NOTE_REASON];
    operate->to = call->values[OPTION_TO] ? call->values[OPTION_TO] : "";
    if (!operate->reason || !operate->reason[0])
        return fault_set(fault, FAULT_USAGE,
                         "`%s` needs --reason TEXT: why, for the audit stream",
                         call->command->words);
    return batches_read_id(call, &operate->found.facts.id, fault);
}

static bool operate_run(const struct cli_call *call, const struct operate_verb *verb,
                        struct fault *fault)
{
    struct operate operate = {.verb = verb};
    struct choice choice;
    if (!operate_read_options(call, &operate, fault) || !choice_read(&choice, call, fault))
        return false;
    operate.session = session_open(&choice, fault);
    bool done = operate.session &&
                batches_find(operate.session, &choice, &operate.found, fault) &&
                operate_may(&operate, fault) && operate_decide(&operate, fault) &&
                operate_follow(&operate, fault);
    if (done)
        operate_say(&operate);
    keys_free(&operate.found.keys);
    session_close(operate.session);
    choice_free(&choice);
    return done;
}

bool held_accept(const struct cli_call *call, struct fault *fault)
{
    static const struct operate_verb verb = {"accept", true};
    return operate_run(call, &verb, fault);
}

bool held_resend(const struct cli_call *call, struct fault *fault)
{
    static const struct operate_verb verb = {"resend", true};
    return operate_run(call, &verb, fault);
}

bool held_terminate(const struct cli_call *call, struct fault *fault)
{
    static const struct operate_verb verb = {"terminate", true};
    return operate_run(call, &verb, fault);
}

bool batch_terminate(const struct cli_call *call, struct fault *fault)
{
    static const struct operate_verb verb = {"terminate", false};
    return operate_run(call, &verb, fault);
}

bool batch_release(const struct cli_call *call, struct fault *fault)
{
    static const struct operate_verb verb = {"release", false};
    return operate_run(call, &verb, fault);
}
