/*
 * hold.c - the list of reasons as tables.
 */

#include "elrelay/core/decide/hold.h"

#define HOLD_WORD(name, word, sentence)     [HOLD_##name] = (word),
#define HOLD_SENTENCE(name, word, sentence) [HOLD_##name] = (sentence),

static const char *const hold_words[HOLD_COUNT] = {[HOLD_NONE] = "", HOLD_LIST(HOLD_WORD)};
static const char *const hold_sentences[HOLD_COUNT] = {[HOLD_NONE] = "",
                                                       HOLD_LIST(HOLD_SENTENCE)};

const char *hold_word(enum hold hold)
{
    return hold_words[hold];
}

const char *hold_sentence(enum hold hold)
{
    return hold_sentences[hold];
}

enum hold hold_of_word(struct slice word)
{
    for (size_t i = HOLD_NONE + 1; i < HOLD_COUNT; i++)
        if (slice_is_text(word, hold_words[i]))
            return (enum hold)i;
    return HOLD_NONE;
}
