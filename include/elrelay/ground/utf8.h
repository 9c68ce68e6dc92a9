#ifndef ELRELAY_GROUND_UTF8_H
#define ELRELAY_GROUND_UTF8_H

/*
 * utf8.h - well-formed UTF-8 as RFC 3629 says: no overlong forms, no surrogates, nothing beyond
 * U+10FFFF.
 */

#include <stddef.h>

#include "elrelay/ground/slice.h"

/* The offset of the first byte that is not part of a well-formed sequence; bytes.len when all
 * is well. */
size_t utf8_valid_len(struct slice bytes);

/* The length (1 to 4) of the well-formed sequence that bytes begins with; 0 where there is
 * none. */
size_t utf8_sequence_len(struct slice bytes);

#endif
