/*
 * uuid.c - 48 bits of time, 74 bits of chance, six bits that say which kind of id this is.
 */

#include "elrelay/ground/uuid.h"

static bool uuid_is_dash_place(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

static void uuid_write(struct uuid *uuid, const uint8_t bytes[16])
{
    static const char hex[] = "0123456789abcdef";
    size_t half = 0; /* of a byte */
    for (size_t at = 0; at < UUID_TEXT_LEN; at++) {
        if (uuid_is_dash_place(at)) {
            uuid->text[at] = '-';
            continue;
        }
        uint8_t byte = bytes[half / 2];
        uuid->text[at] = hex[half % 2 ? byte & 0x0f : byte >> 4];
        half++;
    }
    uuid->text[UUID_TEXT_LEN] = '\0';
}

void uuid_make(struct uuid *uuid, uint64_t unix_ms, const uint8_t random[UUID_RANDOM_BYTES])
{
    uint8_t bytes[16];
    for (size_t i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
    memcpy(bytes + 6, random, UUID_RANDOM_BYTES);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x70);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    uuid_write(uuid, bytes);
}

/* The digit in lower case; NUL where it is none. */
static char uuid_hex_digit(char byte)
{
    if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f'))
        return byte;
    if (byte >= 'A' && byte <= 'F')
        return (char)(byte - 'A' + 'a');
    return '\0';
}

bool uuid_parse(struct uuid *uuid, struct slice text)
{
    if (text.len != UUID_TEXT_LEN)
        return false;
    struct uuid told = {.text = ""};
    for (size_t at = 0; at < UUID_TEXT_LEN; at++) {
        bool dash = uuid_is_dash_place(at);
        told.text[at] = text.ptr[at];
        if (!dash)
            told.text[at] = uuid_hex_digit(text.ptr[at]);
        if (dash ? text.ptr[at] != '-' : !told.text[at])
            return false;
    }
    *uuid = told;
    return true;
}
