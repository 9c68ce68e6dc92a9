#ifndef ELRELAY_TOOLS_COMMON_SPLITMIX_H
#define ELRELAY_TOOLS_COMMON_SPLITMIX_H

/*
 * splitmix.h - numbers that look random and are the same on every machine.
 *
 * SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
 * For tests; not for secrets.
 */

#include <stdbool.h>
#include <stdint.h>

struct splitmix {
    uint64_t state;
};

static inline uint64_t splitmix_next(struct splitmix *source)
{
    uint64_t z = source->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* From 0 to below - 1; below at most 2^32. */
static inline uint64_t splitmix_below(struct splitmix *source, uint64_t below)
{
    return ((splitmix_next(source) >> 32) * below) >> 32;
}

/* True with this probability, 0 to 1. */
static inline bool splitmix_happens(struct splitmix *source, double probability)
{
    return (double)(splitmix_next(source) >> 11) * 0x1p-53 < probability;
}

#endif
