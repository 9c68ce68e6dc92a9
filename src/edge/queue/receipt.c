/*
 * receipt.c - tracking ids as marks.
 */

#include "elrelay/edge/queue/receipt.h"

#include <string.h>

#include "elrelay/edge/host/crypto.h"

void receipt_mark(struct slice tracking_id, uint8_t mark[RECEIPT_MARK_BYTES])
{
    uint8_t digest[CRYPTO_SHA256_BYTES] = {0};
    if (tracking_id.len)
        crypto_sha256_bytes(tracking_id, digest);
    memcpy(mark, digest, RECEIPT_MARK_BYTES);
}
