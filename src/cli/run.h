#ifndef ELRELAY_CLI_RUN_H
#define ELRELAY_CLI_RUN_H

/*
 * run.h - the daemon in this process, for `run` and for a flush that nobody else can do.
 */

#include "elrelay/core/told/conf.h"
#include "elrelay/edge/host/daemon.h"

/* Log lines go to standard error from now on, none below this level. */
void run_open_log(const struct log_conf *conf, enum log_level least);

/* The configuration on the heap, as daemon_run takes it over; NULL and a fault where it is
 * wrong. */
struct conf *run_read_conf(const char *path, struct fault *fault);

#endif
