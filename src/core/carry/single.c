/*
 * single.c - the body is the event: strict JSON, an object, and nothing of it is changed.
 */

#include "elrelay/core/carry/single.h"

static enum encode_result single_refuse(struct blame *blame, enum reason reason, size_t offset)
{
    *blame = (struct blame){.reason = reason, .offset = offset};
    return ENCODE_INVALID;
}

enum encode_result single_add(struct encoder *encoder, struct slice event, struct blame *blame)
{
    *blame = (struct blame){0};
    if (encoder->count)
        return ENCODE_FULL;
    enum scan_result scanned = scan_event(&encoder->scan, event);
    if (scanned != SCAN_OK)
        return single_refuse(blame, reason_of_scan(scanned), encoder->scan.offset);
    buf_clear(&encoder->body);
    if (event.len > encoder->max_bytes || !buf_add(&encoder->body, event))
        return single_refuse(blame, REASON_TOO_LARGE, 0);
    encoder->count = 1;
    return ENCODE_TAKEN;
}

size_t single_size(const struct encoder *encoder)
{
    return encoder->count ? encoder->body.len : 0;
}

void single_finish(struct encoder *encoder)
{
    (void)encoder;
}
