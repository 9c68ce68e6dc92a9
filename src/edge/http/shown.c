/*
 * shown.c - the headers that a POST would carry, for a person: what is configured and the
 * secret by their names alone.
 */

#include "elrelay/edge/http/uplink.h"

#include "edge/http/headers.h"
#include "edge/http/request.h"

/* "Name: value", or "Name;" where it is empty. */
static void shown_give(const char *line, bool is_secret, uplink_header_fn on_header, void *ctx)
{
    struct slice text = slice_of(line);
    size_t len = strcspn(line, ":;");
    struct slice value = slice_part(text, len + sizeof(": ") - 1, text.len);
    on_header(ctx, slice_part(text, 0, len), is_secret ? SLICE("***") : value);
}

bool uplink_each_header(const struct request_setup *setup, uplink_header_fn on_header,
                        void *ctx, struct fault *fault)
{
    struct headers headers;
    if (!headers_begin(&headers, setup->endpoint, fault))
        return false;
    for (struct curl_slist *line = headers.lines; line; line = line->next)
        shown_give(line->data, true, on_header, ctx);
    headers_free(&headers);
    headers_add_own(&headers, setup);
    for (struct curl_slist *line = headers.lines; line; line = line->next)
        shown_give(line->data, false, on_header, ctx);
    headers_free(&headers);
    return true;
}
