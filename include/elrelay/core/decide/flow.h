#ifndef ELRELAY_CORE_DECIDE_FLOW_H
#define ELRELAY_CORE_DECIDE_FLOW_H

/*
 * flow.h - the life of a batch: states, events, and the one table of what may follow what.
 *
 * A pair that has no row is refused. The README prints this table; a test compares the two.
 */

#include <stdbool.h>
#include <stddef.h>

#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"

/* name, word in Redis, notice in the field's terms (HRI), gloss */
#define FLOW_STATE_LIST(ROW)                                                                   \
    ROW(NONE, "none", "", "not there yet")                                                     \
    ROW(FORMING, "forming", "", "events are read under it")                                    \
    ROW(SEALED, "sealed", "started", "composition fixed, not on the wire")                     \
    ROW(SENDING, "sending", "", "on the wire")                                                 \
    ROW(UNKNOWN, "unknown", "", "may or may not have been taken")                              \
    ROW(ACCEPTED, "accepted", "sendCompleted", "the endpoint has taken it")                    \
    ROW(COMPLETED, "completed", "completed", "the endpoint says it has delivered it")          \
    ROW(UNREPORTED, "unreported", "", "nothing was sent: its route has profile none")          \
    ROW(HELD, "held", "", "waits for a person")                                                \
    ROW(SPLIT, "split", "", "goes on as other batches")                                        \
    ROW(FAILED, "failed", "failed", "too many invalid events")                                 \
    ROW(TERMINATED, "terminated", "terminated", "never sent; its events are free again")

#define FLOW_STATE_ENUM(name, word, notice, gloss) FLOW_##name,
enum flow_state { FLOW_STATE_LIST(FLOW_STATE_ENUM) FLOW_STATE_COUNT };
#undef FLOW_STATE_ENUM

/* name, words as the table prints them */
#define FLOW_EVENT_LIST(ROW)                                                                   \
    ROW(DUE, "something to read, schedule due")                                                \
    ROW(FILLED, "limits reached or queue drained")                                             \
    ROW(EMPTIED, "nothing valid left")                                                         \
    ROW(TOO_MANY_INVALID, "too many invalid events")                                           \
    ROW(OWNER_GONE, "owner gone")                                                              \
    ROW(SILENT, "profile none")                                                                \
    ROW(SEND, "endpoint free")                                                                 \
    ROW(CHANGED_UNSENT, "bytes differ, attempts = 0")                                          \
    ROW(CHANGED_SENT, "bytes differ, attempts > 0")                                            \
    ROW(REAPPEARED, "sent before, which Redis has forgotten")                                  \
    ROW(ACCEPTED, "accepted")                                                                  \
    ROW(DEFERRED, "not sent, busy")                                                            \
    ROW(OURS, "ours: file, credential, URL, gone, 3xx")                                        \
    ROW(UNKNOWN, "unknown")                                                                    \
    ROW(ITEMS_REFUSED, "items refused")                                                        \
    ROW(ITEMS_THERE, "already there (items)")                                                  \
    ROW(ALL_THERE, "already there (all)")                                                      \
    ROW(ROWS_REFUSED, "refused, rows")                                                         \
    ROW(ROWS_DOUBTED, "refused, rows, in doubt")                                               \
    ROW(TOO_LARGE, "too large")                                                                \
    ROW(TOO_LARGE_DOUBTED, "too large, once in doubt")                                         \
    ROW(FOUND, "found at the endpoint")                                                        \
    ROW(RESEND, "surely absent, or policy resend")                                             \
    ROW(HOLD, "cannot tell, or policy hold")                                                   \
    ROW(OPERATOR_ACCEPT, "operator accept")                                                    \
    ROW(OPERATOR_RESEND, "operator resend")                                                    \
    ROW(OPERATOR_TERMINATE, "operator terminate")                                              \
    ROW(OPERATOR_RELEASE, "operator release")                                                  \
    ROW(LATE_ACCEPTED, "a late accepted answer of that attempt")                               \
    ROW(END_KNOWN, "endpoint tells the end, or give-up age")

#define FLOW_EVENT_ENUM(name, words) FLOW_ON_##name,
enum flow_event { FLOW_EVENT_LIST(FLOW_EVENT_ENUM) FLOW_EVENT_COUNT };
#undef FLOW_EVENT_ENUM

struct flow_row {
    enum flow_state from;
    enum flow_event event;
    enum flow_state to;
    const char *act; /* what is done with it, for people */
};

extern const struct flow_row flow_table[];
extern const size_t flow_row_count;

/* The one door. False, with "batch is in state X", where the table has no row. */
bool flow_step(enum flow_state from, enum flow_event event, enum flow_state *to,
               struct fault *fault);

const char *flow_state_word(enum flow_state state);
const char *flow_event_words(enum flow_event event);

/* FLOW_NONE where no state has this word. */
enum flow_state flow_state_of_word(struct slice word);

#endif
