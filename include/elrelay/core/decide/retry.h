#ifndef ELRELAY_CORE_DECIDE_RETRY_H
#define ELRELAY_CORE_DECIDE_RETRY_H

/*
 * retry.h - when to try again.
 *
 * Full jitter: the ceiling doubles from first_ms up to cap_ms with each try, and the delay is
 * drawn between 0 and that ceiling, so that instances restarted together do not return
 * together. A Retry-After is respected up to an hour and overrides the draw when it is longer.
 * Pure: the caller brings the random number.
 */

#include <stdbool.h>
#include <stdint.h>

enum { RETRY_AFTER_CAP_MS = 3600 * 1000 };

struct retry_conf {
    uint64_t first_ms;
    uint64_t cap_ms;
};

/* The delay before try number `tries + 1`, tries failed ones behind us (from 1). */
uint64_t retry_delay_ms(const struct retry_conf *conf, uint32_t tries, uint32_t random);

/* The longer of delay and the Retry-After, the latter capped at RETRY_AFTER_CAP_MS. */
uint64_t retry_respect_ms(uint64_t delay_ms, bool has_retry_after, uint64_t retry_after_ms);

#endif
