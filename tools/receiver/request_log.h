#ifndef ELRELAY_RECEIVER_REQUEST_LOG_H
#define ELRELAY_RECEIVER_REQUEST_LOG_H

/*
 * request_log.h - one line of JSON per request, accepted or not, so that a test can count
 * attempts.
 *
 * A line is written when it is known how the request will end, before its answer leaves.
 * Secrets are masked.
 */

#include "exchange.h"

/* Appends the exchange's line; aborted: the client was gone before its body was here. */
void request_log_write(const struct exchange *exchange, bool aborted);

#endif
