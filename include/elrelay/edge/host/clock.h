#ifndef ELRELAY_EDGE_HOST_CLOCK_H
#define ELRELAY_EDGE_HOST_CLOCK_H

/*
 * clock.h - the clocks of this machine.
 */

#include <stdint.h>

/* Never jumps, counts suspension (CLOCK_BOOTTIME). For intervals and leases. */
uint64_t clock_steady_ms(void);

/* The time of day, for people and ids. */
uint64_t clock_unix_ms(void);

#endif
