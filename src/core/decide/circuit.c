/*
 * circuit.c - which answer opens the circuit, and which closes it.
 */

#include "elrelay/core/decide/circuit.h"

enum circuit_lesson {
    LESSON_NONE,  /* tells nothing: a probe has to be repeated */
    LESSON_TAKES, /* the endpoint takes reports */
    LESSON_ROWS,  /* it reads them; no proof where events were refused one by one */
    LESSON_OPENS,
};

struct circuit_row {
    enum circuit_lesson lesson;
    enum circuit_why why;
};

static const struct circuit_row circuit_rows[VERDICT_CLASS_COUNT] = {
    [VERDICT_ACCEPTED] = {LESSON_TAKES, CIRCUIT_WHY_NONE},
    [VERDICT_ITEMS] = {LESSON_TAKES, CIRCUIT_WHY_NONE},
    [VERDICT_THERE] = {LESSON_TAKES, CIRCUIT_WHY_NONE},
    [VERDICT_ROWS] = {LESSON_ROWS, CIRCUIT_WHY_NONE},
    [VERDICT_FILE] = {LESSON_OPENS, CIRCUIT_WHY_FILE},
    [VERDICT_TOO_LARGE] = {LESSON_ROWS, CIRCUIT_WHY_NONE},
    [VERDICT_BUSY] = {LESSON_NONE, CIRCUIT_WHY_NONE},
    [VERDICT_NOT_SENT] = {LESSON_NONE, CIRCUIT_WHY_NONE},
    [VERDICT_AUTH] = {LESSON_OPENS, CIRCUIT_WHY_AUTH},
    [VERDICT_MISDIRECTED] = {LESSON_OPENS, CIRCUIT_WHY_MISDIRECTED},
    [VERDICT_UNKNOWN] = {LESSON_NONE, CIRCUIT_WHY_NONE},
};

bool circuit_learn(struct circuit *circuit, enum verdict_class verdict, bool renewed)
{
    const struct circuit_row *row = &circuit_rows[verdict];
    switch (row->lesson) {
    case LESSON_TAKES:
        return circuit_close(circuit);
    case LESSON_ROWS:
        if (circuit->why != CIRCUIT_WHY_ALL_REFUSED)
            return circuit_close(circuit);
        break;
    case LESSON_OPENS:
        if (verdict != VERDICT_AUTH || renewed || circuit->state != CIRCUIT_CLOSED)
            return circuit_open(circuit, row->why);
        return false;
    case LESSON_NONE:
        break;
    }
    return circuit->state == CIRCUIT_HALF_OPEN && circuit_open(circuit, circuit->why);
}

bool circuit_open(struct circuit *circuit, enum circuit_why why)
{
    bool changed = circuit->state != CIRCUIT_OPEN || circuit->why != why;
    *circuit = (struct circuit){CIRCUIT_OPEN, why};
    return changed;
}

bool circuit_probe(struct circuit *circuit)
{
    bool changed = circuit->state == CIRCUIT_OPEN;
    if (changed)
        circuit->state = CIRCUIT_HALF_OPEN;
    return changed;
}

bool circuit_close(struct circuit *circuit)
{
    bool changed = circuit->state != CIRCUIT_CLOSED;
    *circuit = (struct circuit){CIRCUIT_CLOSED, CIRCUIT_WHY_NONE};
    return changed;
}

static const char *const circuit_words[CIRCUIT_STATE_COUNT] = {
    [CIRCUIT_CLOSED] = "closed", [CIRCUIT_OPEN] = "open", [CIRCUIT_HALF_OPEN] = "half_open"};

#define WHY_WORD(name, word, sentence)     [CIRCUIT_WHY_##name] = (word),
#define WHY_SENTENCE(name, word, sentence) [CIRCUIT_WHY_##name] = (sentence),

static const char *const circuit_why_words[CIRCUIT_WHY_COUNT] = {[CIRCUIT_WHY_NONE] = "",
                                                                 CIRCUIT_WHY_LIST(WHY_WORD)};
static const char *const circuit_why_sentences[CIRCUIT_WHY_COUNT] = {
    [CIRCUIT_WHY_NONE] = "", CIRCUIT_WHY_LIST(WHY_SENTENCE)};

const char *circuit_word(enum circuit_state state)
{
    return circuit_words[state];
}

const char *circuit_why_word(enum circuit_why why)
{
    return circuit_why_words[why];
}

const char *circuit_why_sentence(enum circuit_why why)
{
    return circuit_why_sentences[why];
}

enum circuit_why circuit_why_of_word(struct slice word)
{
    for (size_t i = CIRCUIT_WHY_NONE + 1; i < CIRCUIT_WHY_COUNT; i++)
        if (slice_is_text(word, circuit_why_words[i]))
            return (enum circuit_why)i;
    return CIRCUIT_WHY_NONE;
}
