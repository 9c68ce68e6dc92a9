/*
 * commands_page.c - elrelay(1).
 */

#include "pages.h"

#include <stdbool.h>

#include "cli/cli_table.h"
#include "elrelay/core/carry/reason.h"
#include "roff.h"

static void page_synopsis(FILE *to)
{
    roff_section(to, "SYNOPSIS");
    for (size_t i = 0; i < cli_command_count; i++) {
        const struct cli_command *command = &cli_commands[i];
        fprintf(to, "%s\\fBelrelay %s\\fR", i ? ".br\n" : "", command->words);
        if (command->options)
            fprintf(to, " [\\fIOPTION\\fR...]");
        if (command->operands)
            fputc(' ', to);
        roff_text(to, command->operands ? command->operands : "");
    }
}

static void page_command(FILE *to, const struct cli_command *command)
{
    bool first = true;
    roff_subsection(to, command->words);
    roff_text(to, command->text);
    for (size_t i = 0; i < CLI_OPTION_COUNT; i++)
        if (command->options & (1u << i)) {
            fprintf(to, "%s\\fB\\-\\-%s\\fR", first ? ".PP\nOptions:\n" : ",\n",
                    cli_options[i].name);
            first = false;
        }
    if (!first)
        fprintf(to, ".\n");
    for (const char *const *example = command->examples; *example; example++) {
        roff_paragraph(to);
        roff_example(to, *example);
    }
}

static void page_option(FILE *to, const struct cli_option *option)
{
    char what[64];
    if (option->letter)
        snprintf(what, sizeof(what), "-%c, --%s", option->letter, option->name);
    else
        snprintf(what, sizeof(what), "--%s", option->name);
    roff_tag(to, what, option->argument);
    roff_text(to, option->sentence);
}

static void page_reasons(FILE *to)
{
    roff_section(to, "REASONS");
    roff_text(to, "Why an event was set aside, in `elrelay dead` and in the log.");
    for (size_t i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        roff_tag(to, reason_word((enum reason)i), NULL);
        roff_text(to, reason_sentence((enum reason)i));
    }
}

static void page_tail(FILE *to)
{
    roff_section(to, "ENVIRONMENT");
    roff_tag(to, CLI_CONFIG_VARIABLE, NULL);
    roff_text(to, "The configuration where --config does not name one.");
    roff_section(to, "FILES");
    roff_tag(to, CLI_CONFIG_DEFAULT, NULL);
    roff_text(to, "The configuration where nothing else names one.");
    roff_section(to, "SEE ALSO");
    fprintf(to, "\\fBelrelay.yaml\\fR(5)\n");
}

void page_commands(FILE *to)
{
    roff_title(to, "ELRELAY", "1", "User Commands");
    roff_section(to, "NAME");
    fprintf(to, "elrelay \\- %s\n", cli_sentence);
    page_synopsis(to);
    roff_section(to, "DESCRIPTION");
    roff_text(to, "Applications put test events, JSON objects, on a Redis queue. "
                  "`elrelay` reads them in batches, converts each batch to CSV, "
                  "and posts it to a reporting endpoint; the events leave the queue only "
                  "after the endpoint has accepted them. `elrelay run` is the daemon; "
                  "all other commands help the person who runs it.");
    roff_section(to, "COMMANDS");
    for (size_t i = 0; i < cli_command_count; i++)
        page_command(to, &cli_commands[i]);
    roff_section(to, "OPTIONS");
    for (size_t i = 0; i < CLI_OPTION_COUNT; i++)
        page_option(to, &cli_options[i]);
    roff_section(to, "EXIT STATUS");
    for (size_t i = 0; i < cli_exit_count; i++) {
        char code[16];
        snprintf(code, sizeof(code), "%d", cli_exits[i].code);
        roff_tag(to, code, NULL);
        roff_text(to, cli_exits[i].sentence);
    }
    page_reasons(to);
    page_tail(to);
}
