/*
 * flow.c - the life of a batch as one table, and the one function that reads it.
 *
 * Rows stand in the order in which a batch lives through them. What is not a row is refused.
 */

#include "elrelay/core/decide/flow.h"

#define ROW(from, event, to, act)                                                              \
    {                                                                                          \
        FLOW_##from, FLOW_ON_##event, FLOW_##to, act                                           \
    }

const struct flow_row flow_table[] = {
    ROW(NONE, DUE, FORMING, "manifest; events are read under the batch"),
    ROW(FORMING, FILLED, SEALED, "composition fixed"),
    ROW(FORMING, EMPTIED, TERMINATED, "leases given back; never sent"),
    ROW(FORMING, OWNER_GONE, TERMINATED, "leases given back; never sent"),
    ROW(FORMING, TOO_MANY_INVALID, FAILED, "alarm; the operator decides"),
    ROW(SEALED, SILENT, UNREPORTED, "nothing is sent; drained in chunks"),
    ROW(SEALED, SEND, SENDING, "attempts + 1, sha256, barrier, then POST"),
    ROW(SEALED, CHANGED_UNSENT, TERMINATED, "leases given back, batched anew"),
    ROW(SEALED, CHANGED_SENT, HELD, "body_changed, endpoint_changed"),
    ROW(SEALED, REAPPEARED, UNKNOWN, "resolve it under the id it was sent with"),
    ROW(SEALED, OWNER_GONE, SEALED, "adopted"),
    ROW(SENDING, ACCEPTED, ACCEPTED, "the commit point; then drained in chunks"),
    ROW(SENDING, DEFERRED, SEALED, "back off, Retry-After respected"),
    ROW(SENDING, UNKNOWN, UNKNOWN, "resolve it"),
    ROW(SENDING, OWNER_GONE, UNKNOWN, "adopted; resolve it"),
    ROW(SENDING, ITEMS_REFUSED, SPLIT, "those to dead letters, the rest as a new batch"),
    ROW(SENDING, ITEMS_THERE, SPLIT, "those settled as duplicate, the rest as a new batch"),
    ROW(SENDING, ALL_THERE, UNKNOWN, "look it up and adopt the receipt"),
    ROW(SENDING, ROWS_REFUSED, SPLIT, "halve, within a budget"),
    ROW(SENDING, ROWS_DOUBTED, HELD, "a doubted batch is never halved"),
    ROW(SENDING, TOO_LARGE, SPLIT, "halve, remember the smaller limit"),
    ROW(SENDING, TOO_LARGE_DOUBTED, HELD, "a doubted batch is never halved"),
    ROW(SENDING, OURS, SEALED, "nothing moves; alarm"),
    ROW(UNKNOWN, FOUND, ACCEPTED, "receipt found"),
    ROW(UNKNOWN, RESEND, SEALED, "same bytes, same id"),
    ROW(UNKNOWN, HOLD, HELD, "waits for a person"),
    ROW(UNKNOWN, REAPPEARED, UNKNOWN, "looked for anew, from its last send on"),
    ROW(UNKNOWN, LATE_ACCEPTED, ACCEPTED, "a fact from anybody"),
    ROW(SEALED, LATE_ACCEPTED, ACCEPTED, "a fact from anybody"),
    ROW(HELD, LATE_ACCEPTED, ACCEPTED, "a fact from anybody"),
    ROW(HELD, OPERATOR_ACCEPT, ACCEPTED, "audited with a reason"),
    ROW(HELD, OPERATOR_RESEND, SEALED, "audited with a reason"),
    ROW(HELD, OPERATOR_TERMINATE, TERMINATED, "audited with a reason"),
    ROW(FAILED, OPERATOR_TERMINATE, TERMINATED, "leases given back or to dead letters"),
    ROW(FAILED, OPERATOR_RELEASE, SEALED, "audited with a reason"),
    ROW(SEALED, OPERATOR_TERMINATE, TERMINATED, "leases given back or to dead letters"),
    ROW(ACCEPTED, END_KNOWN, COMPLETED, "with its status; error and silence are alarms"),
};

const size_t flow_row_count = sizeof(flow_table) / sizeof(flow_table[0]);

#define STATE_WORD(name, word, notice, gloss) [FLOW_##name] = word,
static const char *const flow_state_words[] = {FLOW_STATE_LIST(STATE_WORD)};

#define EVENT_WORDS(name, words) [FLOW_ON_##name] = words,
static const char *const flow_event_texts[] = {FLOW_EVENT_LIST(EVENT_WORDS)};

const char *flow_state_word(enum flow_state state)
{
    return flow_state_words[state];
}

const char *flow_event_words(enum flow_event event)
{
    return flow_event_texts[event];
}

enum flow_state flow_state_of_word(struct slice word)
{
    for (size_t i = 0; i < FLOW_STATE_COUNT; i++)
        if (slice_is_text(word, flow_state_words[i]))
            return (enum flow_state)i;
    return FLOW_NONE;
}

bool flow_step(enum flow_state from, enum flow_event event, enum flow_state *to,
               struct fault *fault)
{
    for (size_t i = 0; i < flow_row_count; i++) {
        if (flow_table[i].from == from && flow_table[i].event == event) {
            *to = flow_table[i].to;
            return true;
        }
    }
    return fault_set(fault, FAULT_GENERAL, "batch is in state %s", flow_state_word(from));
}
