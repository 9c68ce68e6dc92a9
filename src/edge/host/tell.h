#ifndef ELRELAY_EDGE_HOST_TELL_H
#define ELRELAY_EDGE_HOST_TELL_H

/*
 * tell.h - what a conductor tells becomes a log line.
 */

#include "elrelay/core/relay/relay.h"

void tell_log(const char *route, const struct relay *relay, const struct told *told);

#endif
