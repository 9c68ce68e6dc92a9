/*
 * options.c - which command was meant, and what stands behind it.
 *
 * getopt_long(3) does the walking; its table is made from ours, with only the options that the
 * command has. What is not known is answered with the nearest name.
 */

#include "cli/cli_table.h"

#include <getopt.h>
#include <string.h>

#include "elrelay/ground/near.h"

enum { NEAR = 2, LONG_OPTION_BASE = 256, OPTION_SHOWN_MAX = 40 };

/* What a name that is not known may have meant. */
struct nearest {
    struct slice name;
    size_t distance;
    const char *found;
};

static struct nearest nearest_to(struct slice name)
{
    return (struct nearest){.name = name, .distance = NEAR + 1};
}

static void nearest_try(struct nearest *nearest, const char *name)
{
    size_t distance = near_distance(nearest->name, slice_of(name));
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->found = name;
    }
}

/* How many of argv's words the command's words are; 0: another command. */
static int command_match(const struct cli_command *command, int argc, const char *const *argv)
{
    const char *words = command->words;
    for (int used = 1; used < argc; used++) {
        size_t len = strcspn(words, " ");
        if (strlen(argv[used]) != len || memcmp(argv[used], words, len) != 0)
            return 0;
        if (!words[len])
            return used;
        words += len + 1;
    }
    return 0;
}

/* "dead" alone: which commands begin with it. */
static bool command_is_group(const char *word, struct fault *fault)
{
    char rest[128] = "";
    size_t used = 0;
    size_t len = strlen(word);
    for (size_t i = 0; i < cli_command_count; i++) {
        const char *words = cli_commands[i].words;
        if (strncmp(words, word, len) == 0 && words[len] == ' ' && used < sizeof(rest))
            used += (size_t)snprintf(rest + used, sizeof(rest) - used, "%s%s", used ? ", " : "",
                                     words);
    }
    if (used)
        fault_set(fault, FAULT_USAGE, "`%s` is not a command by itself; there is: %s", word,
                  rest);
    return used > 0;
}

static void command_unknown(int argc, const char *const *argv, struct fault *fault)
{
    char meant[CLI_WORDS_MAX];
    snprintf(meant, sizeof(meant), "%s%s%s", argv[1], argc > 2 ? " " : "",
             argc > 2 ? argv[2] : "");
    struct nearest one = nearest_to(slice_of(argv[1]));
    struct nearest two = nearest_to(slice_of(meant));
    for (size_t i = 0; i < cli_command_count; i++) {
        nearest_try(&one, cli_commands[i].words);
        nearest_try(&two, cli_commands[i].words);
    }
    const char *found = two.distance < one.distance ? two.found : one.found;
    if (found)
        fault_set(fault, FAULT_USAGE, "unknown command `%.40s`; did you mean `elrelay %s`?",
                  argv[1], found);
    else
        fault_set(fault, FAULT_USAGE, "unknown command `%.40s`; `elrelay help` lists them",
                  argv[1]);
}

const struct cli_command *cli_find(int argc, const char *const *argv, int *used,
                                   struct fault *fault)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        *used = command_match(&cli_commands[i], argc, argv);
        if (*used)
            return &cli_commands[i];
    }
    if (argc < 2)
        fault_set(fault, FAULT_USAGE, "which command? `elrelay help` lists them");
    else if (!command_is_group(argv[1], fault))
        command_unknown(argc, argv, fault);
    return NULL;
}

/* getopt_long's two tables, of the options that the command has. */
struct option_tables {
    struct option longs[CLI_OPTION_COUNT + 1];
    char shorts[2 * CLI_OPTION_COUNT + 2];
};

static void option_tables_make(struct option_tables *tables, const struct cli_command *command)
{
    size_t long_count = 0;
    size_t short_len = 0;
    tables->shorts[short_len++] = ':';
    for (size_t i = 0; i < CLI_OPTION_COUNT; i++) {
        const struct cli_option *option = &cli_options[i];
        if (!cli_allows(command, i))
            continue;
        tables->longs[long_count++] = (struct option){
            .name = option->name,
            .has_arg = option->argument ? required_argument : no_argument,
            .val = LONG_OPTION_BASE + (int)i};
        if (!option->letter)
            continue;
        tables->shorts[short_len++] = option->letter;
        if (option->argument)
            tables->shorts[short_len++] = ':';
    }
}

/* The option that getopt_long's value means; CLI_OPTION_COUNT: none of ours. */
static size_t option_of_value(int value)
{
    if (value >= LONG_OPTION_BASE)
        return (size_t)(value - LONG_OPTION_BASE);
    for (size_t i = 0; i < CLI_OPTION_COUNT; i++)
        if (cli_options[i].letter && cli_options[i].letter == value)
            return i;
    return CLI_OPTION_COUNT;
}

static bool option_unknown(const struct cli_command *command, const char *given,
                           struct fault *fault)
{
    if (strncmp(given, "--", 2) != 0)
        return fault_set(fault, FAULT_USAGE, "`%s` has no option -%c; see `elrelay help %s`",
                         command->words, optopt, command->words);
    struct slice name = {given + 2, strcspn(given + 2, "=")};
    int shown = (int)slice_part(name, 0, OPTION_SHOWN_MAX).len;
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < CLI_OPTION_COUNT; i++) {
        if (!cli_allows(command, i))
            continue;
        if (slice_is_text(name, cli_options[i].name))
            return fault_set(fault, FAULT_USAGE, "--%s takes no value", cli_options[i].name);
        nearest_try(&nearest, cli_options[i].name);
    }
    if (nearest.found)
        return fault_set(fault, FAULT_USAGE, "`%s` has no option --%.*s; did you mean --%s?",
                         command->words, shown, name.ptr, nearest.found);
    return fault_set(fault, FAULT_USAGE, "`%s` has no option --%.*s; see `elrelay help %s`",
                     command->words, shown, name.ptr, command->words);
}

static bool option_is_choice(struct slice words, const char *given)
{
    slice_next_word(&words); /* nothing, before the first space */
    while (words.len > 0)
        if (slice_is_text(slice_next_word(&words), given))
            return true;
    return false;
}

static bool option_take(struct cli_call *call, int value, const char *given,
                        struct fault *fault)
{
    if (value == '?')
        return option_unknown(call->command, given, fault);
    size_t id = option_of_value(value == ':' ? optopt : value);
    if (id == CLI_OPTION_COUNT)
        return option_unknown(call->command, given, fault);
    if (value == ':')
        return fault_set(fault, FAULT_USAGE, "--%s needs %s behind it", cli_options[id].name,
                         cli_options[id].argument);
    const char *choices = cli_options[id].choices;
    if (choices && !option_is_choice(slice_of(choices), optarg))
        return fault_set(fault, FAULT_USAGE, "--%s wants one of:%s", cli_options[id].name,
                         choices);
    call->values[id] = optarg ? optarg : "";
    return true;
}

static bool operands_take(struct cli_call *call, int argc, char **argv, struct fault *fault)
{
    const struct cli_command *command = call->command;
    size_t count = (size_t)(argc - optind);
    if (count > command->operands_max && command->operands_are_private)
        return fault_set(fault, FAULT_USAGE, "`%s` wants only %s; see `elrelay help %s`",
                         command->words, command->operands, command->words);
    if (count > command->operands_max)
        return fault_set(fault, FAULT_USAGE,
                         "`%s` does not know what to do with \"%.40s\"; see `elrelay help %s`",
                         command->words, argv[optind + (int)command->operands_max],
                         command->words);
    if (count < command->operands_min && !call->values[OPTION_HELP])
        return fault_set(fault, FAULT_USAGE, "`%s` needs %s; see `elrelay help %s`",
                         command->words, command->operands, command->words);
    call->operands = (const char *const *)argv + optind;
    call->operand_count = count;
    return true;
}

bool cli_read_options(struct cli_call *call, int argc, char **argv, struct fault *fault)
{
    struct option_tables tables = {0};
    option_tables_make(&tables, call->command);
    opterr = 0;
    optind = 1;
    int value = 0;
    while ((value = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1)
        if (!option_take(call, value, argv[optind - 1], fault))
            return false;
    return operands_take(call, argc, argv, fault);
}
