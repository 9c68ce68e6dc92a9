#ifndef ELRELAY_GROUND_WORD_H
#define ELRELAY_GROUND_WORD_H

/*
 * word.h - eight bytes looked at in one step.
 *
 * A test gives marks: the top bit of each byte that it holds for. Above the first one there may
 * be a mark too many, so only whether there is one, and which is the first, can be relied upon.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WORD_BYTES = 8 };

static const uint64_t word_ones = 0x0101010101010101;
static const uint64_t word_tops = 0x8080808080808080;

/* The byte at ptr becomes the lowest one, on every machine. */
static inline uint64_t word_load(const char *ptr)
{
    uint64_t word;
    memcpy(&word, ptr, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Bytes below limit, which is at most 0x80; what is not ASCII may be marked or not. */
static inline uint64_t word_below(uint64_t word, unsigned char limit)
{
    return (word - word_ones * limit) & word_tops;
}

/* As word_below. */
static inline uint64_t word_is(uint64_t word, unsigned char byte)
{
    return word_below(word ^ (word_ones * byte), 1);
}

static inline uint64_t word_beyond_ascii(uint64_t word)
{
    return word & word_tops;
}

/* Which byte the first mark stands on, 0 to 7; there must be one. */
static inline size_t word_first(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) / 8;
}

#endif
