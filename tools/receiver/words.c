/*
 * words.c - quotes are taken out where they stand, so a word is never longer than what it came
 * from.
 */

#include "words.h"

#include <stdint.h>

static char *word_copy_quoted(char *from, char **to)
{
    while (*from && *from != '"') {
        if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
            from++;
        *(*to)++ = *from++;
    }
    return *from ? from + 1 : NULL;
}

/* Returns what stands behind the word, or NULL where a quote is left open. Colon: the word ends
 * with a bare one. */
static char *word_cut(struct word *word, char *from, bool *colon)
{
    char *to = from;
    *word = (struct word){.text = {from, 0}, .quoted = *from == '"'};
    *colon = false;
    while (from && *from && *from != ' ' && *from != '\t') {
        *colon = *from == ':';
        if (*from == '"')
            from = word_copy_quoted(from + 1, &to);
        else
            *to++ = *from++;
    }
    word->text.len = (size_t)(to - word->text.ptr);
    return from;
}

bool words_cut(struct words *words, char *line, struct fault *fault)
{
    const char *start = line;
    *words = (struct words){.colon = SIZE_MAX};
    for (;;) {
        line += strspn(line, " \t");
        if (!*line)
            break;
        if (words->count == WORDS_MAX)
            return fault_set(fault, FAULT_USAGE, "more than %d words", WORDS_MAX);
        bool colon = false;
        line = word_cut(&words->items[words->count], line, &colon);
        if (!line)
            return fault_set(fault, FAULT_USAGE, "a quote is not closed");
        struct word *word = &words->items[words->count];
        bool is_first_colon = colon && words->colon == SIZE_MAX;
        word->text.len -= is_first_colon;
        words->count += word->text.len > 0 || word->quoted;
        if (is_first_colon) {
            words->colon = words->count;
            words->rest = (size_t)(line + strspn(line, " \t") - start);
        }
    }
    if (words->colon == SIZE_MAX)
        return fault_set(fault, FAULT_USAGE, "no colon between WHEN and WHAT");
    return true;
}
