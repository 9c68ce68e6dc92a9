#ifndef ELRELAY_RECEIVER_WORDS_H
#define ELRELAY_RECEIVER_WORDS_H

/*
 * words.h - a line cut into words.
 */

#include <stdbool.h>
#include <stddef.h>

#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"

enum { WORDS_MAX = 64 };

struct word {
    struct slice text;
    bool quoted; /* began with a quote */
};

struct words {
    struct word items[WORDS_MAX + 1]; /* the last stays empty */
    size_t count;
    size_t
        colon; /* words in front of the one colon that stands outside quotes and ends a word */
    size_t rest; /* where the line goes on behind that colon */
};

/* Cuts line in place: blanks separate, "..." keeps them, \" and \\ inside quotes stand for
 * themselves. */
bool words_cut(struct words *words, char *line, struct fault *fault);

#endif
