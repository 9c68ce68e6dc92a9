/*
 * clock.c - the clocks of this machine, in milliseconds.
 */

#include "elrelay/edge/host/clock.h"

#include <time.h>

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_steady_ms(void)
{
    return clock_ms(CLOCK_BOOTTIME);
}

uint64_t clock_unix_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}
