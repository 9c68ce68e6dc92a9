#ifndef ELRELAY_CLI_CLI_TABLE_H
#define ELRELAY_CLI_CLI_TABLE_H

/*
 * cli_table.h - the tables of commands, options and exit codes.
 *
 * Parsing, help, the manual page and the completion are made from these rows and from nothing
 * else, so a new command is a row and a function.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"

enum cli_option_id {
    OPTION_CONFIG,
    OPTION_ROUTE,
    OPTION_JSON,
    OPTION_CONNECT,
    OPTION_REPAIR,
    OPTION_ACL,
    OPTION_HEADER,
    OPTION_INBOX,
    OPTION_COUNT,
    OPTION_REVEAL,
    OPTION_STATE,
    OPTION_ALL,
    OPTION_DAY,
    OPTION_CSV,
    OPTION_SINCE,
    OPTION_CODE,
    OPTION_FORMAT,
    OPTION_DRY_RUN,
    OPTION_BATCHES,
    OPTION_TO,
    OPTION_NOTE,        /* free text, where --reason is a word */
    OPTION_WITH_REASON, /* of dead letters: a word of the list of reasons */
    OPTION_NOTE_REASON, /* of what a person does: free text */
    OPTION_HELP,
    CLI_OPTION_COUNT,
};

struct cli_option {
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* what stands behind it, NULL: nothing */
    const char *choices;  /* the words it may be, a space before each; NULL: any */
    const char *sentence;
};

enum { CLI_HELP_OPERANDS = 2, CLI_WORDS_MAX = 64 };

struct cli_call;

struct cli_command {
    const char *words;    /* "dead list" */
    const char *operands; /* as the synopsis writes them, NULL: none */
    size_t operands_min;
    size_t operands_max;       /* SIZE_MAX: any number */
    unsigned options;          /* CLI_OPTION() bits */
    bool config_is_optional;   /* without --config none is read */
    bool operands_are_private; /* no message shows one */
    const char *sentence;
    const char *text;            /* what a person should know; a blank line parts paragraphs */
    const char *const *examples; /* NULL at the end */
    /* False: the fault says what to print and how to exit. */
    bool (*run)(const struct cli_call *call, struct fault *fault);
};

/* One command as it was called. */
struct cli_call {
    const struct cli_command *command;
    const char
        *values[CLI_OPTION_COUNT]; /* NULL: not given; "" for an option without argument */
    const char *const *operands;
    size_t operand_count;
};

struct cli_exit {
    int code;
    const char *sentence;
};

#define CLI_OPTION(id)      (1u << OPTION_##id)
#define CLI_CONFIG_DEFAULT  "/etc/elrelay/elrelay.yaml"
#define CLI_CONFIG_VARIABLE "ELRELAY_CONFIG"

extern const char cli_sentence[]; /* what elrelay is */
extern const struct cli_option cli_options[CLI_OPTION_COUNT];
extern const struct cli_command cli_commands[];
extern const size_t cli_command_count;
extern const struct cli_exit cli_exits[];
extern const size_t cli_exit_count;

const char *cli_version(void);

static inline bool cli_allows(const struct cli_command *command, size_t option)
{
    return (command->options | CLI_OPTION(HELP)) & (1u << option);
}

/* The command whose words argv begins with, NULL and a fault where there is none; *used counts
 * the words. */
const struct cli_command *cli_find(int argc, const char *const *argv, int *used,
                                   struct fault *fault);

/* Options and operands behind the command's words; argv[0] is the last of these. */
bool cli_read_options(struct cli_call *call, int argc, char **argv, struct fault *fault);

/* All commands, those of one word ("dead"; false where there is none), and one of them. */
void cli_help(FILE *to);
bool cli_help_group(FILE *to, const char *word);
void cli_help_command(FILE *to, const struct cli_command *command);

#endif
