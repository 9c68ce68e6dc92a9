/*
 * roff.c - text that troff reads back as it was.
 *
 * A backslash, a hyphen (else a minus is printed as a hyphen and cannot be copied), and a dot
 * or an apostrophe at the start of a line have a meaning of their own.
 */

#include "roff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "cli/cli_table.h"

enum { ROFF_WIDTH = 72 };

#define ROFF_DATE "2026-11-22" /* of the last change of the pages' shape */

static void roff_write(FILE *to, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        switch (text[i]) {
        case '\\':
            fputs("\\e", to);
            break;
        case '-':
            fputs("\\-", to);
            break;
        case '\'':
            fputs("\\(aq", to);
            break;
        case '^':
            fputs("\\(ha", to);
            break;
        case '~':
            fputs("\\(ti", to);
            break;
        default:
            fputc(text[i], to);
        }
}

void roff_title(FILE *to, const char *name, const char *section, const char *volume)
{
    fprintf(to, ".\\\" Made by elrelay-docs from the tables of the program; do not edit.\n");
    fprintf(to, ".TH %s %s \"%s\" \"elrelay %s\" \"%s\"\n", name, section, ROFF_DATE,
            cli_version(), volume);
}

void roff_section(FILE *to, const char *name)
{
    fprintf(to, ".SH %s\n", name);
}

void roff_subsection(FILE *to, const char *name)
{
    fprintf(to, ".SS \"");
    roff_write(to, name, strlen(name));
    fprintf(to, "\"\n");
}

void roff_paragraph(FILE *to)
{
    fprintf(to, ".PP\n");
}

static void roff_word(FILE *to, const char *word, size_t len, bool *bold)
{
    for (size_t i = 0; i < len; i++) {
        if (word[i] == '`') {
            *bold = !*bold;
            fputs(*bold ? "\\fB" : "\\fR", to);
        } else {
            roff_write(to, word + i, 1);
        }
    }
}

static size_t roff_break(FILE *to)
{
    fputc('\n', to);
    return 0;
}

static bool roff_ends_sentence(const char *word, size_t len)
{
    return len > 0 && word[len - 1] == '.' && word[len] == ' ' &&
           isupper((unsigned char)word[len + 1]);
}

/* Each sentence begins a line, as troff wants it to set the space between two, and no line is
 * long. */
void roff_text(FILE *to, const char *text)
{
    bool bold = false;
    size_t column = 0;
    while (*text) {
        size_t len = strcspn(text, " \n");
        if (column > 0 && column + 1 + len > ROFF_WIDTH)
            column = roff_break(to);
        if (column == 0 && (*text == '.' || *text == '\''))
            fputs("\\&", to);
        column += (size_t)fprintf(to, "%s", column ? " " : "") + len;
        roff_word(to, text, len, &bold);
        bool ends = roff_ends_sentence(text, len);
        text += len;
        if (*text == '\n')
            fputs("\n.PP", to);
        if (*text == '\n' || ends)
            column = roff_break(to);
        text += strspn(text, " \n");
    }
    fputc('\n', to);
}

void roff_tag(FILE *to, const char *what, const char *argument)
{
    fprintf(to, ".TP\n\\fB");
    roff_write(to, what, strlen(what));
    fprintf(to, "\\fR");
    if (argument) {
        fprintf(to, " \\fI");
        roff_write(to, argument, strlen(argument));
        fprintf(to, "\\fR");
    }
    fputc('\n', to);
}

void roff_example(FILE *to, const char *text)
{
    fprintf(to, ".RS 4\n.nf\n");
    for (bool line_start = true; *text; line_start = *text == '\n', text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", to);
        roff_write(to, text, 1);
    }
    fprintf(to, "\n.fi\n.RE\n");
}
