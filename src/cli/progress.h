#ifndef ELRELAY_CLI_PROGRESS_H
#define ELRELAY_CLI_PROGRESS_H

/*
 * progress.h - a bar on standard error, for a person who waits for more than a moment.
 *
 * Nothing is drawn where standard error is no terminal, or before two seconds have passed.
 */

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* "covid" */
    uint64_t total;   /* 0: not known, only what is done is shown */
    uint64_t begun_ms;
    uint64_t drawn_ms;
    bool on;    /* standard error is a terminal */
    bool drawn; /* there is a line to clear */
};

void progress_begin(struct progress *progress, const char *what, uint64_t total);

/* done of total for the bar; events for the number beside it. */
void progress_show(struct progress *progress, uint64_t done, uint64_t events);

/* Takes the line away again. */
void progress_end(struct progress *progress);

#endif
