#ifndef ELRELAY_CLI_TROUBLE_H
#define ELRELAY_CLI_TROUBLE_H

/*
 * trouble.h - why batches of a route do not move, and what a person can do.
 */

#include "cli/survey.h"

/* Lines under what was said of one batch: why it waits for a person, and the commands; none
 * where it does not. */
void trouble_say_batch(const struct survey_batch *batch, const char *front);

/* A line for each living daemon that sends nothing now. */
void trouble_say_circuits(const struct route_survey *found, const char *front);

/* How the ledgers of its daemons are; nothing where there is none. */
void trouble_say_ledgers(const struct route_survey *found, const char *front);

#endif
