#ifndef ELRELAY_TOOLS_DOCS_PAGES_H
#define ELRELAY_TOOLS_DOCS_PAGES_H

/*
 * pages.h - what elrelay-docs can write.
 */

#include <stdio.h>

/* elrelay(1), from the tables of commands, options and exit codes. */
void page_commands(FILE *to);

/* elrelay.yaml(5), from the table of settings. */
void page_settings(FILE *to);

/* Completion for bash, from the tables of commands and options. */
void page_completion(FILE *to);

#endif
