#ifndef ELRELAY_TOOLS_DOCS_ROFF_H
#define ELRELAY_TOOLS_DOCS_ROFF_H

/*
 * roff.h - the few things that a manual page is made of, in man(7) macros.
 */

#include <stdio.h>

/* .TH with the version of the program. */
void roff_title(FILE *to, const char *name, const char *section, const char *volume);

/* .SH, .SS: a heading. */
void roff_section(FILE *to, const char *name);
void roff_subsection(FILE *to, const char *name);

/* Running text; a blank line parts paragraphs, `this` becomes bold. */
void roff_text(FILE *to, const char *text);
void roff_paragraph(FILE *to);

/* A tagged paragraph: what, in bold, then an argument in italics (NULL: none); its text follows
 * by roff_text. */
void roff_tag(FILE *to, const char *what, const char *argument);

/* Lines as they are. */
void roff_example(FILE *to, const char *text);

#endif
