#ifndef ELRELAY_CLI_CLI_H
#define ELRELAY_CLI_CLI_H

/*
 * cli.h - the command line: one table of commands, from which help, man page and completion are
 * made.
 */

/* Runs the command that argv names; the exit code is one of 0 done, 1 error, 2 usage, 3
 * configuration, 4 Redis, 5 endpoint, 6 something is held or unknown. */
int cli_main(int argc, char **argv);

#endif
