/*
 * reason.c - the list of reasons as tables.
 */

#include "elrelay/core/carry/reason.h"

#define REASON_WORD(name, word, sentence)     [REASON_##name] = (word),
#define REASON_SENTENCE(name, word, sentence) [REASON_##name] = (sentence),

static const char *const reason_words[REASON_COUNT] = {[REASON_NONE] = "",
                                                       REASON_LIST(REASON_WORD)};
static const char *const reason_sentences[REASON_COUNT] = {[REASON_NONE] = "",
                                                           REASON_LIST(REASON_SENTENCE)};

const char *reason_word(enum reason reason)
{
    return reason_words[reason];
}

const char *reason_sentence(enum reason reason)
{
    return reason_sentences[reason];
}

enum reason reason_of_word(struct slice word)
{
    for (size_t i = REASON_NONE + 1; i < REASON_COUNT; i++)
        if (slice_is_text(word, reason_words[i]))
            return (enum reason)i;
    return REASON_NONE;
}

enum reason reason_of_scan(enum scan_result result)
{
    static const enum reason reasons[] = {
        [SCAN_OK] = REASON_NONE,
        [SCAN_EMPTY] = REASON_EMPTY,
        [SCAN_BOM] = REASON_BOM,
        [SCAN_NOT_UTF8] = REASON_NOT_UTF8,
        [SCAN_NOT_JSON] = REASON_NOT_JSON,
        [SCAN_CONTROL_CHARACTER] = REASON_CONTROL_CHARACTER,
        [SCAN_NUL_CHARACTER] = REASON_NUL_CHARACTER,
        [SCAN_LONE_SURROGATE] = REASON_LONE_SURROGATE,
        [SCAN_NUMBER_TOO_LARGE] = REASON_NUMBER_TOO_LARGE,
        [SCAN_NUMBER_INEXACT] = REASON_NUMBER_INEXACT,
        [SCAN_TOO_DEEP] = REASON_TOO_DEEP,
        [SCAN_TRAILING_BYTES] = REASON_TRAILING_BYTES,
        [SCAN_NOT_OBJECT] = REASON_NOT_OBJECT,
    };
    return reasons[result];
}
