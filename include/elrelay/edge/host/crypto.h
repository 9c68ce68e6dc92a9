#ifndef ELRELAY_EDGE_HOST_CRYPTO_H
#define ELRELAY_EDGE_HOST_CRYPTO_H

/*
 * crypto.h - hashes and random bytes, by OpenSSL.
 */

#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/slice.h"

enum { CRYPTO_SHA256_TEXT = 64 };

/* Lower case hex with a NUL at the end. */
void crypto_sha256(struct slice bytes, char hex[CRYPTO_SHA256_TEXT + 1]);

/* Aborts where the system has none. */
void crypto_random(void *bytes, size_t len);
uint32_t crypto_random_u32(void);

#endif
