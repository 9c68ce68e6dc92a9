/*
 * help.c - what the tables say, for a terminal.
 */

#include "cli/cli_table.h"

#include <string.h>

#include "cli/commands.h"

enum { HELP_WIDTH = 78, HELP_COMMANDS = 19, HELP_EXITS = 6, HELP_OPTIONS = 24 };

/* Writes words from column on, broken at HELP_WIDTH, later lines indented to it; "\n\n" parts
 * paragraphs. */
static void help_wrap(FILE *to, const char *text, size_t indent, size_t column)
{
    bool first = true;
    while (*text) {
        if (*text == '\n') {
            fprintf(to, "\n\n%*s", (int)indent, "");
            text += strspn(text, "\n");
            column = indent;
            first = true;
        }
        size_t len = strcspn(text, " \n");
        if (!first && column + 1 + len > HELP_WIDTH) {
            fprintf(to, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        fprintf(to, "%s%.*s", first ? "" : " ", (int)len, text);
        column += len + (first ? 0 : 1);
        first = false;
        text += len;
        text += *text == ' ';
    }
    fputc('\n', to);
}

/* "  left     right", the right one wrapped at its column. */
static void help_row(FILE *to, const char *left, const char *right, size_t column)
{
    fprintf(to, "  %-*s", (int)column - 2, left);
    help_wrap(to, right, column, column);
}

/* The commands whose words begin so, below a heading. */
static void help_commands(FILE *to, const char *begin)
{
    fprintf(to, "commands:\n");
    for (size_t i = 0; i < cli_command_count; i++)
        if (strncmp(cli_commands[i].words, begin, strlen(begin)) == 0)
            help_row(to, cli_commands[i].words, cli_commands[i].sentence, HELP_COMMANDS);
}

bool cli_help_group(FILE *to, const char *word)
{
    char begin[CLI_WORDS_MAX];
    bool found = false;
    snprintf(begin, sizeof(begin), "%s ", word);
    for (size_t i = 0; i < cli_command_count && !found; i++)
        found = strncmp(cli_commands[i].words, begin, strlen(begin)) == 0;
    if (!found)
        return false;
    fprintf(to, "usage: elrelay %s COMMAND [OPTION...]\n\n", word);
    help_commands(to, begin);
    fprintf(to, "\n`elrelay help COMMAND` says more about each.\n");
    return true;
}

void cli_help(FILE *to)
{
    fprintf(to, "elrelay - %s\n\nusage: elrelay COMMAND [OPTION...]\n\n", cli_sentence);
    help_commands(to, "");
    fprintf(to, "\nexit codes:\n");
    for (size_t i = 0; i < cli_exit_count; i++) {
        char code[8];
        snprintf(code, sizeof(code), "%d", cli_exits[i].code);
        help_row(to, code, cli_exits[i].sentence, HELP_EXITS);
    }
    fprintf(to, "\n`elrelay help COMMAND` says more about each.\n");
}

static void help_option(FILE *to, const struct cli_option *option)
{
    char left[64];
    char letter[5] = "    ";
    if (option->letter)
        snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name,
             option->argument ? " " : "", option->argument ? option->argument : "");
    help_row(to, left, option->sentence, HELP_OPTIONS);
}

static void help_command_options(FILE *to, const struct cli_command *command)
{
    fprintf(to, "\noptions:\n");
    for (size_t i = 0; i < CLI_OPTION_COUNT; i++)
        if (cli_allows(command, i))
            help_option(to, &cli_options[i]);
    if ((command->options & CLI_OPTION(CONFIG)) && !command->config_is_optional) {
        fprintf(to, "\n");
        help_wrap(to,
                  "Without --config the file is $" CLI_CONFIG_VARIABLE
                  ", else " CLI_CONFIG_DEFAULT ".",
                  0, 0);
    }
}

void cli_help_command(FILE *to, const struct cli_command *command)
{
    fprintf(to, "elrelay %s - %s\n\nusage: elrelay %s [OPTION...]%s%s\n\n", command->words,
            command->sentence, command->words, command->operands ? " " : "",
            command->operands ? command->operands : "");
    help_wrap(to, command->text, 0, 0);
    help_command_options(to, command);
    fprintf(to, "\nexamples:\n");
    for (const char *const *example = command->examples; *example; example++)
        fprintf(to, "  %s\n", *example);
}

bool help_show(const struct cli_call *call, struct fault *fault)
{
    if (call->operand_count == 0) {
        cli_help(stdout);
        return true;
    }
    if (call->operand_count == 1 && cli_help_group(stdout, call->operands[0]))
        return true;
    const char *words[1 + CLI_HELP_OPERANDS] = {"help"};
    for (size_t i = 0; i < call->operand_count; i++)
        words[1 + i] = call->operands[i];
    int used = 0;
    const struct cli_command *command = cli_find(1 + (int)call->operand_count, words, &used,
                                                 fault);
    if (command)
        cli_help_command(stdout, command);
    return command != NULL;
}
