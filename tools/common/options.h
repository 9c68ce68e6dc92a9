#ifndef ELRELAY_TOOLS_COMMON_OPTIONS_H
#define ELRELAY_TOOLS_COMMON_OPTIONS_H

/*
 * options.h - the command line of a tool, as a table.
 *
 * A row names an option, says it in a sentence for --help, and points to where its value goes:
 * exactly one of the targets is set. Values are borrowed from argv.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/fault.h"

/* Values of an option that may be repeated, in their order. */
struct text_list {
    const char **items;
    size_t count;
};

struct option_row {
    const char *name;     /* without the dashes */
    const char *argument; /* its word in --help; NULL for a flag */
    const char *help;
    bool *flag;
    const char **text;
    uint64_t *number;
    struct text_list *list;
};

/* Reads argv into the rows' targets; what is not named keeps its value. Nothing but options is
 * taken. */
bool options_read(const struct option_row *rows, size_t count, int argc, char **argv,
                  struct fault *fault);

/* Prints usage and a line per row; intro and rows end up on stdout. */
void options_print_help(const char *intro, const struct option_row *rows, size_t count);

void text_list_add(struct text_list *list, const char *text);
void text_list_free(struct text_list *list);

#endif
