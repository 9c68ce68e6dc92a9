/*
 * slot.c - CRC16 bit by bit: it is asked for a few keys at start.
 */

#include "elrelay/core/told/slot.h"

#include <stdint.h>

enum { CRC_POLYNOMIAL = 0x1021, CRC_TOP = 0x8000 };

struct slice slot_tag(struct slice key)
{
    const char *open = key.len ? memchr(key.ptr, '{', key.len) : NULL;
    if (!open)
        return key;
    struct slice rest = slice_part(key, (size_t)(open - key.ptr) + 1, key.len);
    const char *close = rest.len ? memchr(rest.ptr, '}', rest.len) : NULL;
    return close && close > rest.ptr ? slice_part(rest, 0, (size_t)(close - rest.ptr)) : key;
}

unsigned slot_of(struct slice key)
{
    struct slice tag = slot_tag(key);
    unsigned crc = 0;
    for (size_t i = 0; i < tag.len; i++) {
        crc ^= (unsigned)(uint8_t)tag.ptr[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1) ^ (crc & CRC_TOP ? CRC_POLYNOMIAL : 0);
        crc &= UINT16_MAX;
    }
    return crc % SLOT_COUNT;
}
