/*
 * completion_page.c - completion for bash.
 *
 * A table of what may stand behind each command, and one function that looks into it.
 */

#include "pages.h"

#include <stdbool.h>
#include <string.h>

#include "cli/cli_table.h"

static bool is_first_of_its_word(size_t index)
{
    if (index == 0)
        return true;
    const char *words = cli_commands[index].words;
    const char *before = cli_commands[index - 1].words;
    size_t len = strcspn(words, " ");
    return strcspn(before, " ") != len || strncmp(words, before, len) != 0;
}

/* First words, each once. */
static void page_first_words(FILE *to)
{
    for (size_t i = 0; i < cli_command_count; i++)
        if (is_first_of_its_word(i))
            fprintf(to, "%s%.*s", i ? " " : "", (int)strcspn(cli_commands[i].words, " "),
                    cli_commands[i].words);
}

/* ["dead"]=" list show": the second words of commands that have one. */
static void page_second_words(FILE *to)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        const char *words = cli_commands[i].words;
        const char *second = strchr(words, ' ');
        if (second && is_first_of_its_word(i))
            fprintf(to, "        [\"%.*s\"]=\"", (int)(second - words), words);
        if (second)
            fprintf(to, "%s", second);
        if (second && (i + 1 == cli_command_count || is_first_of_its_word(i + 1)))
            fprintf(to, "\"\n");
    }
}

static void page_options(FILE *to)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        fprintf(to, "        [\"%s\"]=\"", cli_commands[i].words);
        for (size_t option = 0; option < CLI_OPTION_COUNT; option++)
            if (cli_allows(&cli_commands[i], option))
                fprintf(to, " --%s", cli_options[option].name);
        fprintf(to, "\"\n");
    }
}

static bool shares_its_name(size_t index)
{
    for (size_t i = 0; i < CLI_OPTION_COUNT; i++)
        if (i != index && strcmp(cli_options[i].name, cli_options[index].name) == 0)
            return true;
    return false;
}

/* Where the option stands: behind any command, or, where it is not the only one of its name,
 * behind those that have it. */
static void page_pattern(FILE *to, size_t index)
{
    const struct cli_option *option = &cli_options[index];
    const char *between = "    ";
    for (size_t i = 0; shares_its_name(index) && i < cli_command_count; i++)
        if (cli_allows(&cli_commands[i], index)) {
            fprintf(to, "%s\"%s --%s\"", between, cli_commands[i].words, option->name);
            between = " | ";
        }
    if (!shares_its_name(index))
        fprintf(to, "    *\" --%s\"", option->name);
    if (option->letter)
        fprintf(to, " | *\" -%c\"", option->letter);
}

/* What may stand behind an option that takes an argument. */
static void page_arguments(FILE *to)
{
    for (size_t i = 0; i < CLI_OPTION_COUNT; i++) {
        const struct cli_option *option = &cli_options[i];
        if (!option->argument)
            continue;
        page_pattern(to, i);
        if (strcmp(option->argument, "FILE") == 0)
            fprintf(to, ") mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n");
        else if (option->choices)
            fprintf(to,
                    ") mapfile -t COMPREPLY < <(compgen -W \"%s\" -- \"$word\")\n"
                    "        return ;;\n",
                    option->choices + 1);
        else
            fprintf(to, ") return ;;\n");
    }
}

void page_completion(FILE *to)
{
    fprintf(to, "# Completion of elrelay for bash; "
                "made by elrelay-docs from the program's tables, do not edit.\n\n"
                "_elrelay() {\n"
                "    local word=\"${COMP_WORDS[COMP_CWORD]}\" omitted=\"\" at=$COMP_CWORD\n"
                "    local -a words=(\"${COMP_WORDS[@]}\")\n"
                "    local -A known=(\n");
    page_second_words(to);
    page_options(to);
    fprintf(to, "    )\n"
                "    COMPREPLY=()\n"
                "    if [ \"${words[1]}\" = help ] && [ \"$at\" -gt 1 ] && "
                "[[ $word != -* ]]; then\n"
                "        words=(\"${words[@]:1}\") at=$((at - 1)) omitted='-*'\n"
                "    fi\n"
                "    if [ \"$at\" -eq 1 ]; then\n"
                "        mapfile -t COMPREPLY < <(compgen -W \"");
    page_first_words(to);
    fprintf(to, "\" -- \"$word\")\n"
                "        return\n"
                "    fi\n"
                "    local command=\"${words[1]:-help}\"\n"
                "    if [ \"$at\" -gt 2 ] && [ -n \"${known[$command ${words[2]}]}\" ]; then\n"
                "        command=\"$command ${words[2]}\"\n"
                "    fi\n"
                "    case \"$command ${words[at - 1]}\" in\n");
    page_arguments(to);
    fprintf(to, "    esac\n"
                "    mapfile -t COMPREPLY < "
                "<(compgen -W \"${known[$command]}\" -X \"$omitted\" -- \"$word\")\n"
                "}\n\n"
                "complete -F _elrelay elrelay\n");
}
