/*
 * ask.c - rows of steps by act, and the answer at their end.
 */

#include "ask.h"

#include "elrelay/ground/mem.h"
#include "reply.h"

static const ask_step *const ask_rows[ACT_COUNT] = {
    [ACT_SURVEY] = look_survey_steps,     [ACT_LIST] = look_list_steps,
    [ACT_INTAKE] = look_intake_steps,     [ACT_BEGIN] = form_begin_steps,
    [ACT_PEEK] = form_peek_steps,         [ACT_BURY] = form_bury_steps,
    [ACT_SEAL] = form_seal_steps,         [ACT_LOAD] = load_steps,
    [ACT_SEND] = settle_send_steps,       [ACT_MOVE] = settle_move_steps,
    [ACT_ACCEPT] = settle_accept_steps,   [ACT_DRAIN] = settle_drain_steps,
    [ACT_LOOKED] = part_looked_steps,     [ACT_SPLIT] = part_split_steps,
    [ACT_CARVE] = part_carve_steps,       [ACT_ADOPT] = settle_adopt_steps,
    [ACT_ABANDON] = settle_abandon_steps,
};

void queue_ask(struct queue *queue, enum act act, struct batch *batch)
{
    struct ask *ask = mem_zalloc(sizeof(*ask));
    *ask = (struct ask){.queue = queue, .act = act, .batch = batch, .step = ask_rows[act]};
    (*ask->step)(ask);
}

void ask_free(struct ask *ask)
{
    mem_free(ask->list);
    mem_free(ask);
}

void ask_next(struct ask *ask)
{
    ask->step++;
    ask->at = 0;
    if (*ask->step)
        (*ask->step)(ask);
    else
        ask_end(ask, PORT_DONE);
}

void ask_again(struct ask *ask)
{
    (*ask->step)(ask);
}

void ask_end(struct ask *ask, enum port_result result)
{
    const struct queue_events events = ask->queue->events;
    enum act act = ask->act;
    struct batch *batch = ask->batch;
    ask_free(ask);
    if (act == ACT_SURVEY)
        events.on_survey(events.ctx, result, &(struct survey){0});
    else if (act == ACT_LIST)
        events.on_list(events.ctx, result, NULL, 0);
    else if (act == ACT_PEEK && result == PORT_DONE)
        events.on_events(events.ctx, act, batch, NULL, 0);
    else
        events.on_done(events.ctx, act, batch, result);
}

static const char *ask_batch_text(const struct ask *ask)
{
    return ask->batch ? ask->batch->manifest.id.text : "";
}

void ask_fail(struct ask *ask, const struct fault *fault)
{
    struct queue *queue = ask->queue;
    queue->troubled = ask->act;
    log_write(alarm_level(&queue->trouble, fault->text), "act_failed",
              log_word("route", queue->setup.route), log_word("act", act_word(ask->act)),
              log_word("batch", ask_batch_text(ask)), log_word("why", fault->text));
    ask_end(ask, PORT_FAILED);
}

/* Words of our own scripts: where one is missing here it is not shown. */
static const char *ask_known_word(struct slice word)
{
    static const char *const words[] = {
        "state",   "owner",   "version",  "heartbeat", "exists",     "order",
        "pending", "changed", "endpoint", "attempt",   "drained",    "ids",
        "doubted", "plan",    "children", "carved",    "max_unknown"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is_text(word, words[i]))
            return words[i];
    return "";
}

static void ask_refuse(struct ask *ask, const redisReply *reply)
{
    struct slice why = reply_slice_at(reply, 1);
    log_write(LOG_WARN, "door_closed", log_word("route", ask->queue->setup.route),
              log_word("act", act_word(ask->act)), log_word("batch", ask_batch_text(ask)),
              log_word("why", ask_known_word(why)),
              log_word("state", flow_state_word(flow_state_of_word(reply_slice_at(reply, 2)))));
    if (slice_is_text(why, "heartbeat"))
        queue_beat(ask->queue);
    ask_end(ask, PORT_REFUSED);
}

bool ask_goes_on(struct ask *ask, const redisReply *reply)
{
    struct fault fault = {0};
    if (!reply) {
        ask_free(ask);
    } else if (reply_says(reply, "done")) {
        if (ask->act == ask->queue->troubled && alarm_end(&ask->queue->trouble))
            log_write(LOG_INFO, "act_works_again", log_word("route", ask->queue->setup.route),
                      log_word("act", act_word(ask->act)));
        return true;
    } else if (reply_says(reply, "refused")) {
        ask_refuse(ask, reply);
    } else {
        struct queue *queue = ask->queue;
        reply_fault(reply, act_word(ask->act), &fault);
        if (!slice_is_text(link_error_word(reply), "NOGROUP")) {
            ask_fail(ask, &fault);
            return false;
        }
        ask_free(ask);
        queue_lose(queue, &fault);
    }
    return false;
}

bool ask_has_moved(struct ask *ask, const redisReply *reply)
{
    if (!ask_goes_on(ask, reply))
        return false;
    ask->batch->manifest.ver = reply_number_at(reply, 1);
    ask->batch->manifest.state = flow_state_of_word(reply_slice_at(reply, 2));
    return true;
}

struct args *ask_args(struct ask *ask)
{
    struct args *args = queue_script_args(ask->queue);
    args_add_text(args, ask->batch->manifest.id.text);
    return args;
}

void ask_call(struct ask *ask, const char *script, link_reply_fn on_reply)
{
    queue_call(ask->queue, script, on_reply, ask);
}
