/*
 * acks_given.c - the acknowledgment of one event whose tracking id is given: its trail tells
 * where it ended, the exceptions what was said of it since it was last put on the queue.
 */

#include "cli/acks.h"

#include "cli/trail.h"
#include "elrelay/ground/mem.h"

struct given {
    struct acks *acks;
    struct ack ack;
    struct ack_error *errors;
    char **texts; /* the details of these */
    size_t count;
    bool is_error;
};

static void given_on_errors(void *ctx, const struct ack_error *errors, size_t count)
{
    struct given *given = ctx;
    size_t room = given->count + count;
    given->errors = mem_resize(given->errors, room, sizeof(*given->errors));
    given->texts = mem_resize(given->texts, room, sizeof(*given->texts));
    for (size_t i = 0; i < count; i++, given->count++) {
        size_t len = errors[i].details.len;
        given->is_error |= errors[i].is_error;
        given->texts[given->count] = mem_copy_text(errors[i].details.ptr, len);
        given->errors[given->count] = (struct ack_error){errors[i].is_error,
                                                         {given->texts[given->count], len}};
    }
}

static void given_free(struct given *given)
{
    for (size_t i = 0; i < given->count; i++)
        mem_free(given->texts[i]);
    mem_free(given->texts);
    mem_free(given->errors);
}

/* What a batch says of an event that was in it; false where the event went on from there. */
static bool given_take_batch(struct ack *ack, const struct batch_facts *facts, enum fate fate)
{
    enum flow_state state = batches_state(facts);
    ack->at_ms = batches_number(facts, BATCH_FACT_SINCE);
    if (state == FLOW_ACCEPTED || state == FLOW_COMPLETED) {
        ack->at_ms = batches_number(facts, BATCH_FACT_ACCEPTED);
        ack->acceptance = ACK_CA;
        ack->application = ACK_AA;
    } else if (state == FLOW_SPLIT && fate == FATE_THERE) {
        ack->acceptance = ACK_CA; /* the endpoint had it already */
        ack->application = ACK_AA;
    } else if (state == FLOW_UNREPORTED) {
        ack->state = "not_sent";
    } else if (state == FLOW_UNKNOWN || state == FLOW_HELD) {
        ack->state = "in_doubt";
    } else {
        return false;
    }
    snprintf(ack->control, sizeof(ack->control), "b%.8s%.10s", facts->id.text,
             facts->id.text + UUID_TEXT_LEN - 10);
    return true;
}

static bool given_is_dropped(const struct trail *trail)
{
    return trail->steps[trail->count - 1].kind == TRAIL_DROPPED;
}

static void given_take_letter(struct given *given, const struct trail *trail,
                              const struct trail_step *step)
{
    ack_of_reason(&given->ack, step->reason);
    given->ack.at_ms = step->at_ms;
    given->ack.state = given_is_dropped(trail) ? "dropped" : NULL;
    snprintf(given->ack.control, sizeof(given->ack.control), "d%s", step->id);
}

/* From the end: the first step that decides. Until there is one, it waits. */
static bool given_judge(struct given *given, const struct trail *trail, struct fault *fault)
{
    struct acks *acks = given->acks;
    for (size_t i = trail->count; i-- > 0;) {
        const struct trail_step *step = &trail->steps[i];
        struct batch_facts facts = {.id = step->batch};
        if (step->kind == TRAIL_QUEUED || step->kind == TRAIL_REPLAYED ||
            step->kind == TRAIL_INBOX)
            break;
        if (step->kind == TRAIL_DEAD) {
            given_take_letter(given, trail, step);
            return true;
        }
        if (step->kind != TRAIL_BATCH)
            continue;
        if (!batches_read(acks->session, acks->keys, &facts, fault))
            return false;
        if (given_take_batch(&given->ack, &facts, step->fate))
            return true;
    }
    given->ack.at_ms = 0;
    given->ack.state = "waiting";
    return true;
}

static uint64_t given_from_ms(const struct trail *trail)
{
    for (size_t i = trail->count; i-- > 0;)
        if (trail->steps[i].kind == TRAIL_REPLAYED)
            return trail->steps[i].at_ms;
    return 0;
}

static bool given_tell(struct given *given, const struct trail *trail, struct fault *fault)
{
    struct acks *acks = given->acks;
    struct acks_wish wish = {.id = trail->id, .on_errors = given_on_errors, .ctx = given};
    acks->from_ms = given_from_ms(trail);
    if (!given_judge(given, trail, fault) || !acks_find_exceptions(acks, &wish, fault))
        return false;
    if (given->ack.application == ACK_AA && given->is_error)
        given->ack.application = ACK_AE;
    given->ack.errors = given->errors;
    given->ack.error_count = given->count;
    acks_tell(acks, &given->ack);
    return true;
}

bool acks_read_given(struct acks *acks, struct slice id, struct fault *fault)
{
    struct trail trail = {.route = acks->route, .id = id};
    struct given given = {
        .acks = acks, .ack = {.route = acks->route->name, .queue = acks_queue(acks), .id = id}};
    bool done = !acks->route->format.tracking_id ||
                trail_read(&trail, acks->session, acks->keys, fault);
    if (done && trail.count > 0)
        done = given_tell(&given, &trail, fault);
    else if (done)
        acks->unknown++;
    given_free(&given);
    trail_free(&trail);
    return done;
}
