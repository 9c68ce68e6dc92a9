#ifndef ELRELAY_EDGE_HTTP_REQUEST_H
#define ELRELAY_EDGE_HTTP_REQUEST_H

/*
 * request.h - one POST: what is sent, what was read of the answer, and how it ended. It knows
 * no loop.
 */

#include "edge/http/headers.h"
#include "edge/http/options.h"
#include "elrelay/edge/http/uplink.h"
#include "elrelay/ground/buf.h"

struct request {
    struct request_setup setup;
    CURL *easy; /* its private pointer is this request */
    struct headers headers;
    struct gate gate;
    size_t handed;       /* bytes of the body given to libcurl */
    size_t head_bytes;   /* of the answer's header lines, of all of its heads */
    bool whole_head;     /* the last head was read to its end */
    bool too_large;      /* the answer passed a ceiling */
    struct buf body;     /* of the answer */
    uint64_t started_ms; /* steady time */
    struct request *next;
};

/* Checked and ready to be started; NULL with a fault where it cannot begin. */
struct request *request_new(const struct request_setup *setup, struct fault *fault);

/* The transfer is over: what the caller is told of it. The body is borrowed from the request.
 */
struct answer request_answer(const struct request *request, CURLcode code);

void request_free(struct request *request);

#endif
