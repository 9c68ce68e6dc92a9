#ifndef ELRELAY_EDGE_HTTP_UPLINK_H
#define ELRELAY_EDGE_HTTP_UPLINK_H

/*
 * uplink.h - POSTs and GETs on the loop, exactly one request per attempt.
 *
 * libcurl resends a POST by itself on a reused connection that dies without an answer, so every
 * report goes over a fresh connection that is never reused, HTTP/1.1, with Content-Length and
 * without Expect. Redirects are never followed, answers are capped, TLS is always verified.
 */

#include <stdbool.h>
#include <uv.h>

#include "elrelay/core/decide/verdict.h"
#include "elrelay/core/told/endpoint_conf.h"
#include "elrelay/ground/fault.h"

enum { UPLINK_ANSWER_MAX = 1024 * 1024 };

struct uplink;  /* one a loop */
struct request; /* one a POST or GET */

/* From here on the process ignores SIGPIPE: OpenSSL writes without MSG_NOSIGNAL. */
struct uplink *uplink_new(uv_loop_t *loop);

/*
 * Cancels what is on the wire without calling back; on_closed runs on a later turn of the loop.
 * May be called from inside on_answer.
 */
void uplink_close(struct uplink *uplink, void (*on_closed)(void *ctx), void *ctx);

struct request_setup {
    const struct endpoint_conf *endpoint; /* borrowed until answered */
    const char *content_type;
    const char *batch_id; /* Idempotency-Key and the profile's batch header */
    struct slice body;    /* borrowed until answered */
    /*
     * Asked before each connect and again before the last chunk of the body (at most 64 KiB);
     * false stops the upload. It must not call the uplink.
     */
    bool (*may_go_on)(void *ctx);
    /* Once; the answer is valid during the call, the request no longer is. */
    void (*on_answer)(void *ctx, const struct answer *answer);
    void *ctx;
};

/*
 * Starts a POST. False where it cannot even begin (secret unreadable, URL or header refused):
 * nothing was sent, no callback follows, and the fault (FAULT_CONF) says what to mend.
 *
 * The low-speed limit holds until the last byte is handed over: an endpoint that thinks is not
 * slow, only timeout_ms ends its thinking.
 */
bool uplink_post(struct uplink *uplink, const struct request_setup *setup,
                 struct request **request, struct fault *fault);

/*
 * Starts a GET of url (copied) with the endpoint's headers, auth, TLS and limits; setup's body,
 * content_type, batch_id and may_go_on are not used. Otherwise as uplink_post; that the
 * endpoint may have it and did not answer is TRANSPORT_NO_ANSWER.
 */
bool uplink_get(struct uplink *uplink, const struct request_setup *setup, const char *url,
                struct request **request, struct fault *fault);

/* Stops it; on_answer never runs afterwards. */
void uplink_cancel(struct uplink *uplink, struct request *request);

/* What can be proved without connecting: URL, headers, secret, CA, client certificate. */
bool uplink_check_conf(const struct endpoint_conf *endpoint, struct fault *fault);

/*
 * The headers that we would give a POST of this setup, in their order; the values of configured
 * ones and the secret come as "***". The secret is read, so that one that cannot be used is
 * told (FAULT_CONF).
 */
typedef void (*uplink_header_fn)(void *ctx, struct slice name, struct slice value);
bool uplink_each_header(const struct request_setup *setup, uplink_header_fn on_header,
                        void *ctx, struct fault *fault);

/*
 * For `check --connect`: resolves, connects, speaks TLS and reads one answer to an OPTIONS
 * request without a body; blocks. Writes what was proved into text: "resolved 127.0.0.1,
 * TLSv1.3, answered 405". FAULT_ENDPOINT says how far it came and why not further.
 */
bool uplink_probe(const struct endpoint_conf *endpoint, char *text, size_t text_len,
                  struct fault *fault);

#endif
