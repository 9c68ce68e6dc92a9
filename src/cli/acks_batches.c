/*
 * acks_batches.c - settled batches, a line each: the events that have no line of their own are
 * known by their number alone.
 */

#include "cli/acks.h"

#include "cli/batch_page.h"
#include "cli/batches.h"
#include "cli/say.h"
#include "elrelay/ground/time_text.h"

static void batches_json_codes(struct json_out *out, bool was_sent)
{
    if (was_sent) {
        json_out_text(out, "acceptance", slice_of(ack_word(ACK_CA)));
        json_out_text(out, "application", slice_of(ack_word(ACK_AA)));
        return;
    }
    json_out_null(out, "acceptance");
    json_out_null(out, "application");
    json_out_text(out, "state", SLICE("not_sent"));
}

static uint64_t batches_settled_ms(const struct batch_facts *facts, bool was_sent)
{
    return batches_number(facts, was_sent ? BATCH_FACT_ACCEPTED : BATCH_FACT_SINCE);
}

static void batches_tell(const struct acks *acks, const struct batch_facts *facts,
                         bool was_sent)
{
    struct say_json json;
    char time[TIME_TEXT_MAX];
    time_text_write(time, batches_settled_ms(facts, was_sent));
    say_json_begin(&json);
    json_out_begin_object(&json.out, NULL);
    json_out_text(&json.out, "route", slice_of(acks->route->name));
    json_out_text(&json.out, "batch", slice_of(facts->id.text));
    json_out_text(&json.out, "time", slice_of(time));
    batches_json_codes(&json.out, was_sent);
    json_out_number(&json.out, "events", batches_number(facts, BATCH_FACT_EVENTS));
    json_out_number(&json.out, "exceptions", batches_number(facts, BATCH_FACT_EXCEPTIONS));
    json_out_bool(&json.out, "by_person", facts->values[BATCH_FACT_OPERATOR][0] != '\0');
    json_out_end_object(&json.out);
    say_json_end(&json, true);
}

static bool batches_are_wanted(const struct acks *acks, bool was_sent)
{
    return acks->only == ACK_NONE ||
           (was_sent && (acks->only == ACK_CA || acks->only == ACK_AA));
}

static bool batches_take(struct acks *acks, const struct uuid *id, struct fault *fault)
{
    struct batch_facts facts = {.id = *id};
    if (!batches_read(acks->session, acks->keys, &facts, fault))
        return false;
    enum flow_state state = batches_state(&facts);
    bool was_sent = state == FLOW_ACCEPTED || state == FLOW_COMPLETED;
    bool is_settled = was_sent || state == FLOW_UNREPORTED;
    if (!is_settled || batches_settled_ms(&facts, was_sent) < acks->from_ms ||
        !batches_are_wanted(acks, was_sent))
        return true;
    if (acks->as_hl7)
        acks->nameless += batches_number(&facts, BATCH_FACT_EVENTS);
    else
        batches_tell(acks, &facts, was_sent);
    return true;
}

static bool batches_each_of_pages(struct acks *acks, struct batch_page *page,
                                  acks_batch_fn on_batch, struct fault *fault)
{
    while (!page->is_last) {
        if (!batch_page_next(page, acks->session, fault))
            return false;
        for (size_t i = 0; i < page->count; i++)
            if (!on_batch(acks, &page->ids[i], fault))
                return false;
    }
    return true;
}

/* One is finished no earlier than anything that became of it. */
bool acks_each_batch(struct acks *acks, acks_batch_fn on_batch, struct fault *fault)
{
    struct batch_page page;
    batch_page_begin(&page, acks->keys, KEY_OPEN, false);
    if (!batches_each_of_pages(acks, &page, on_batch, fault))
        return false;
    batch_page_begin_since(&page, acks->keys, KEY_DONE, acks->from_ms);
    return batches_each_of_pages(acks, &page, on_batch, fault);
}

bool acks_read_batches(struct acks *acks, struct fault *fault)
{
    return acks_each_batch(acks, batches_take, fault);
}
