/*
 * trail_say.c - a trail for a person, and as JSON.
 */

#include <stdio.h>

#include "cli/say.h"
#include "cli/trail.h"
#include "elrelay/ground/time_text.h"

#define TRAIL_WORD(name, word, text) word,
static const char *const trail_words[TRAIL_KIND_COUNT] = {TRAIL_LIST(TRAIL_WORD)};
#define TRAIL_TEXT(name, word, text) text,
static const char *const trail_texts[TRAIL_KIND_COUNT] = {TRAIL_LIST(TRAIL_TEXT)};

struct trail_teller {
    struct session *session;
    const struct keys *keys;
};

/* Where the event went from a batch that is split; "": nothing is known. */
static const char *fate_word(enum fate fate)
{
    switch (fate) {
    case FATE_FIRST:
        return "first_child";
    case FATE_SECOND:
        return "second_child";
    case FATE_DEAD:
        return "dead";
    case FATE_THERE:
        return "duplicate";
    }
    return "";
}

static const char *fate_text(enum fate fate, const struct batch_facts *facts)
{
    switch (fate) {
    case FATE_FIRST:
        return facts->values[BATCH_FACT_FIRST_CHILD];
    case FATE_SECOND:
        return facts->values[BATCH_FACT_SECOND_CHILD];
    case FATE_DEAD:
        return "the dead letters";
    case FATE_THERE:
        return "the end: the endpoint had it already";
    }
    return "";
}

static void trail_say_time(const struct batch_facts *facts, enum batch_fact fact,
                           const char *label)
{
    char time[TIME_TEXT_MAX];
    uint64_t at_ms = batches_number(facts, fact);
    time_text_write(time, at_ms);
    if (at_ms > 0)
        printf("      %-10s %s\n", label, time);
}

static void trail_say_word(const struct batch_facts *facts, enum batch_fact fact,
                           const char *label)
{
    if (facts->values[fact][0])
        printf("      %-10s %s\n", label, facts->values[fact]);
}

static bool trail_say_batch(const struct trail_teller *teller, const struct trail_step *step,
                            struct fault *fault)
{
    struct batch_facts facts = {.id = step->batch};
    if (!batches_read(teller->session, teller->keys, &facts, fault))
        return false;
    enum hold why = hold_of_word(slice_of(facts.values[BATCH_FACT_WHY]));
    printf("row %llu of %s of %s: %s\n", (unsigned long long)step->row,
           facts.values[BATCH_FACT_EVENTS], step->batch.text,
           flow_state_word(batches_state(&facts)));
    if (why != HOLD_NONE)
        printf("      %s: %s\n", hold_word(why), hold_sentence(why));
    if (batches_state(&facts) == FLOW_UNREPORTED)
        printf("      %-10s %s\n", "not sent", "the route has profile none");
    trail_say_time(&facts, BATCH_FACT_FIRST, "first sent");
    if (batches_number(&facts, BATCH_FACT_ATTEMPTS) > 1)
        trail_say_time(&facts, BATCH_FACT_LAST, "last sent");
    trail_say_word(&facts, BATCH_FACT_ATTEMPTS, "attempts");
    trail_say_time(&facts, BATCH_FACT_ACCEPTED, "accepted");
    trail_say_word(&facts, BATCH_FACT_OPERATOR, "by");
    trail_say_word(&facts, BATCH_FACT_STATUS, "status");
    trail_say_word(&facts, BATCH_FACT_REPORT_ID, "report id");
    trail_say_word(&facts, BATCH_FACT_SUBMISSION_ID, "submission");
    if (step->fate)
        printf("      %-10s %s\n", "went to", fate_text(step->fate, &facts));
    trail_say_word(&facts, BATCH_FACT_TO, "went to");
    return true;
}

static void trail_say_queued(const struct trail_step *step)
{
    printf("entry %s%s%s%s", step->id, step->batch.text[0] ? ", leased to batch " : "",
           step->batch.text, step->given_back ? ", given back" : "");
    if (step->replays > 0)
        printf(", replayed %llu times", (unsigned long long)step->replays);
    printf("\n");
}

static void trail_say_dead(const struct trail_step *step)
{
    printf("%s: %s\n      %-10s %s, %s\n", reason_word(step->reason),
           reason_sentence(step->reason), "letter", step->id,
           step->there ? "still there" : "not there any more");
    if (step->batch.text[0])
        printf("      %-10s %s\n", "batch", step->batch.text);
}

static bool trail_say_step(const struct trail_teller *teller, const struct trail_step *step,
                           struct fault *fault)
{
    char time[TIME_TEXT_MAX] = "";
    if (step->at_ms > 0 && step->kind != TRAIL_INBOX)
        time_text_write(time, step->at_ms);
    printf("  %-24s  %s%s", time, trail_texts[step->kind],
           step->kind == TRAIL_INBOX ? "\n" : ", ");
    switch (step->kind) {
    case TRAIL_BATCH:
        return trail_say_batch(teller, step, fault);
    case TRAIL_QUEUED:
        trail_say_queued(step);
        return true;
    case TRAIL_DEAD:
        trail_say_dead(step);
        return true;
    case TRAIL_REPLAYED:
    case TRAIL_DROPPED:
        printf("by %s\n", step->by);
        return true;
    case TRAIL_INBOX:
    case TRAIL_KIND_COUNT:
        break;
    }
    return true;
}

bool trail_say(const struct trail *trail, struct session *session, const struct keys *keys,
               struct fault *fault)
{
    const struct trail_teller teller = {session, keys};
    printf("%s:\n", trail->route->name);
    for (size_t i = 0; i < trail->count; i++)
        if (!trail_say_step(&teller, &trail->steps[i], fault))
            return false;
    if (!trail->route->format.tracking_id)
        printf("  events have no tracking id here: format.tracking_id is not set\n");
    else if (trail->count == 0)
        printf("  nothing is known of it\n");
    if (trail->blind > 0) {
        char text[SAY_MAX];
        printf("  it cannot be told whether it was in %s more, which hold no marks\n",
               say_count(text, trail->blind, "batch", "es"));
    }
    return true;
}

static void trail_json_time(struct json_out *out, const struct trail_step *step)
{
    char time[TIME_TEXT_MAX];
    time_text_write(time, step->at_ms);
    if (step->at_ms > 0 && step->kind != TRAIL_INBOX)
        json_out_text(out, "time", slice_of(time));
    else
        json_out_null(out, "time");
}

static void trail_json_batch_id(struct json_out *out, const struct trail_step *step)
{
    if (step->batch.text[0])
        json_out_text(out, "batch", slice_of(step->batch.text));
    else
        json_out_null(out, "batch");
}

static bool trail_json_batch(const struct trail_teller *teller, struct json_out *out,
                             const struct trail_step *step, struct fault *fault)
{
    struct batch_facts facts = {.id = step->batch};
    if (!batches_read(teller->session, teller->keys, &facts, fault))
        return false;
    json_out_number(out, "row", step->row);
    if (step->fate)
        json_out_text(out, "went_to", slice_of(fate_word(step->fate)));
    json_out_begin_object(out, "batch");
    batches_json(out, &facts);
    json_out_end_object(out);
    return true;
}

static bool trail_json_step(const struct trail_teller *teller, struct json_out *out,
                            const struct trail_step *step, struct fault *fault)
{
    trail_json_time(out, step);
    json_out_text(out, "what", slice_of(trail_words[step->kind]));
    switch (step->kind) {
    case TRAIL_BATCH:
        return trail_json_batch(teller, out, step, fault);
    case TRAIL_QUEUED:
        json_out_text(out, "entry", slice_of(step->id));
        trail_json_batch_id(out, step);
        json_out_number(out, "replays", step->replays);
        break;
    case TRAIL_DEAD:
        json_out_text(out, "reason", slice_of(reason_word(step->reason)));
        json_out_text(out, "sentence", slice_of(reason_sentence(step->reason)));
        json_out_text(out, "letter", slice_of(step->id));
        json_out_bool(out, "there", step->there);
        trail_json_batch_id(out, step);
        break;
    case TRAIL_REPLAYED:
    case TRAIL_DROPPED:
        json_out_text(out, "letter", slice_of(step->id));
        json_out_text(out, "by", slice_of(step->by));
        break;
    case TRAIL_INBOX:
    case TRAIL_KIND_COUNT:
        break;
    }
    return true;
}

bool trail_json(const struct trail *trail, struct json_out *out, struct session *session,
                const struct keys *keys, struct fault *fault)
{
    const struct trail_teller teller = {session, keys};
    bool done = true;
    json_out_text(out, "route", slice_of(trail->route->name));
    json_out_bool(out, "has_tracking_id", trail->route->format.tracking_id != NULL);
    json_out_number(out, "batches_without_marks", trail->blind);
    json_out_begin_array(out, "trail");
    for (size_t i = 0; done && i < trail->count; i++) {
        json_out_begin_object(out, NULL);
        done = trail_json_step(&teller, out, &trail->steps[i], fault);
        json_out_end_object(out);
    }
    json_out_end_array(out);
    return done;
}
