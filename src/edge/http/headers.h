#ifndef ELRELAY_EDGE_HTTP_HEADERS_H
#define ELRELAY_EDGE_HTTP_HEADERS_H

/*
 * headers.h - the header lines of a request, the one with the secret among them.
 *
 * Lines are wiped when they go. What framing and identity rest on (Content-Length,
 * Idempotency-Key ...) is ours: a configured header of such a name is refused.
 */

#include <stdbool.h>

#include <curl/curl.h>

#include "elrelay/edge/http/uplink.h"
#include "elrelay/ground/fault.h"

/* `= {0}` is a valid empty one. */
struct headers {
    struct curl_slist *lines;
};

/*
 * The configured headers and the auth header, whose secret is read now. False (FAULT_CONF),
 * with nothing held, where a name or value cannot be sent or the secret cannot be used.
 */
bool headers_begin(struct headers *headers, const struct endpoint_conf *endpoint,
                   struct fault *fault);

/* One line of our own. */
void headers_add(struct headers *headers, const char *name, const char *value);

/* What says which batch a POST carries, and in which format. */
void headers_add_own(struct headers *headers, const struct request_setup *setup);

/* Keeps libcurl from sending a header that it would make by itself. */
void headers_suppress(struct headers *headers, const char *name);

void headers_free(struct headers *headers);

#endif
