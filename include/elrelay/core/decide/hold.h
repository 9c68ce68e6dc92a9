#ifndef ELRELAY_CORE_DECIDE_HOLD_H
#define ELRELAY_CORE_DECIDE_HOLD_H

/*
 * hold.h - why a batch waits for a person: one closed list, the same words in manifests, logs
 * and commands. A new reason is a row here.
 */

#include "elrelay/ground/slice.h"

/* name, word, what it tells a person */
#define HOLD_LIST(ROW)                                                                         \
    ROW(BODY_CHANGED, "body_changed", "its events no longer give the bytes that were sent")    \
    ROW(ENDPOINT_CHANGED, "endpoint_changed",                                                  \
        "in doubt at an endpoint that is no longer ours")                                      \
    ROW(TOO_LARGE, "too_large_in_doubt", "in doubt, and now too large: never split then")      \
    ROW(ROWS, "rows_in_doubt",                                                                 \
        "in doubt, and now refused without naming a row: never split then")                    \
    ROW(CANNOT_TELL, "cannot_tell", "the look-up could not say whether it was taken")          \
    ROW(POLICY, "policy", "in doubt, and on_unknown says hold")                                \
    ROW(COUNT_DIFFERS, "count_differs", "the endpoint lists it with another number of items")  \
    ROW(MANIFEST_LOST, "manifest_lost",                                                        \
        "its manifest was lost, so that nobody knows whether it was sent")                     \
    ROW(ALREADY_THERE, "already_there",                                                        \
        "the endpoint says that it has all of it, and the look-up does not find it")           \
    ROW(REAPPEARED, "reappeared",                                                              \
        "its events were sent before in a batch that Redis has forgotten, "                    \
        "and nothing tells whether it was taken")

#define HOLD_ENUM(name, word, sentence) HOLD_##name,
enum hold { HOLD_NONE, HOLD_LIST(HOLD_ENUM) HOLD_COUNT };
#undef HOLD_ENUM

/* The word of a reason; "" for HOLD_NONE. */
const char *hold_word(enum hold hold);

/* The sentence of a reason; "" for HOLD_NONE. */
const char *hold_sentence(enum hold hold);

/* HOLD_NONE where no row has this word. */
enum hold hold_of_word(struct slice word);

#endif
