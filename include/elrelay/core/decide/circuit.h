#ifndef ELRELAY_CORE_DECIDE_CIRCUIT_H
#define ELRELAY_CORE_DECIDE_CIRCUIT_H

/*
 * circuit.h - whether batches are sent at all.
 *
 * It opens where an answer says that no batch would fare better: then nothing moves until one
 * probe was let through and has shown otherwise. Pure; when to probe is the caller's.
 */

#include <stdbool.h>

#include "elrelay/core/decide/verdict.h"

enum circuit_state {
    CIRCUIT_CLOSED,    /* batches are sent */
    CIRCUIT_OPEN,      /* none is */
    CIRCUIT_HALF_OPEN, /* one is, as a probe */
    CIRCUIT_STATE_COUNT,
};

/* name, word, what it tells a person */
#define CIRCUIT_WHY_LIST(ROW)                                                                  \
    ROW(AUTH, "auth", "the endpoint refuses the credential")                                   \
    ROW(FILE, "file", "the endpoint refuses what all batches share: header, client, option")   \
    ROW(MISDIRECTED, "misdirected", "this is not an endpoint that takes reports")              \
    ROW(ALL_REFUSED, "all_refused", "events are refused one by one, and none is accepted")     \
    ROW(MAX_UNKNOWN, "max_unknown", "as many batches are in doubt as are allowed")

#define CIRCUIT_WHY_ENUM(name, word, sentence) CIRCUIT_WHY_##name,
enum circuit_why { CIRCUIT_WHY_NONE, CIRCUIT_WHY_LIST(CIRCUIT_WHY_ENUM) CIRCUIT_WHY_COUNT };
#undef CIRCUIT_WHY_ENUM

struct circuit {
    enum circuit_state state;
    enum circuit_why why; /* of the last opening */
};

/* What an answer says about the circuit; true where state or reason changed. A credential that
 * is refused opens it only once it was renewed. */
bool circuit_learn(struct circuit *circuit, enum verdict_class verdict, bool renewed);

/* True where it changed. */
bool circuit_open(struct circuit *circuit, enum circuit_why why);
bool circuit_probe(struct circuit *circuit);
bool circuit_close(struct circuit *circuit);

const char *circuit_word(enum circuit_state state);
const char *circuit_why_word(enum circuit_why why);
const char *circuit_why_sentence(enum circuit_why why);

/* CIRCUIT_WHY_NONE where no row has this word. */
enum circuit_why circuit_why_of_word(struct slice word);

#endif
