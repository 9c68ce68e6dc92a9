#ifndef ELRELAY_EDGE_HTTP_REQUEST_H
#define ELRELAY_EDGE_HTTP_REQUEST_H

/*
 * request.h - one POST or GET: what is sent, what was read of the answer, and how it ended. It
 * knows no loop.
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
    bool is_get;
    bool is_https;
    size_t handed;       /* bytes of the body given to libcurl */
    bool all_sent;       /* libcurl has given all of them to the socket */
    size_t head_bytes;   /* of the answer's header lines, of all of its heads */
    bool whole_head;     /* the last head was read to its end */
    bool too_large;      /* the answer passed a ceiling */
    struct buf body;     /* of the answer */
    uint64_t started_ms; /* steady time */
    struct request *next;
};

/* Checked and ready to be started; NULL with a fault where it cannot begin. */
struct request *request_new_post(const struct request_setup *setup, struct fault *fault);
struct request *request_new_get(const struct request_setup *setup, const char *url,
                                struct fault *fault);

/* To be called when libcurl has worked on it: notes when the body has gone out. */
void request_note_sent(struct request *request);

/* The transfer is over: what the caller is told of it. The body is borrowed from the request.
 */
struct answer request_answer(const struct request *request, CURLcode code);

void request_free(struct request *request);

#endif
