/*
 * retry.c - when to try again.
 *
 * Pure: the caller brings the random number.
 */

#include "elrelay/core/decide/retry.h"

uint64_t retry_delay_ms(const struct retry_conf *conf, uint32_t tries, uint32_t random)
{
    uint64_t ceiling = conf->first_ms;
    for (uint32_t i = 1; i < tries && ceiling < conf->cap_ms; i++)
        ceiling *= 2;
    if (ceiling > conf->cap_ms)
        ceiling = conf->cap_ms;
    return ceiling * random / UINT32_MAX;
}

uint64_t retry_respect_ms(uint64_t delay_ms, bool has_retry_after, uint64_t retry_after_ms)
{
    if (!has_retry_after)
        return delay_ms;
    uint64_t asked = retry_after_ms < RETRY_AFTER_CAP_MS ? retry_after_ms : RETRY_AFTER_CAP_MS;
    return asked > delay_ms ? asked : delay_ms;
}
