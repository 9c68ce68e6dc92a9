#ifndef ELRELAY_EDGE_HTTP_END_H
#define ELRELAY_EDGE_HTTP_END_H

/*
 * end.h - how a transfer ended, as the batch must see it.
 *
 * One fact decides between "not sent" and "unknown": whether the last byte of the body was
 * handed over. What is handed over may have gone out, and what has gone out may have been
 * taken; only before that is it certain that the endpoint cannot have the whole body. Pure: no
 * socket, no handle.
 */

#include <stdbool.h>

#include <curl/curl.h>

#include "elrelay/core/decide/verdict.h"

/* How far the transfer came. */
enum end_phase { END_RESOLVING, END_CONNECTING, END_SECURING, END_TALKING };

struct end_facts {
    CURLcode code;
    enum end_phase phase;
    bool all_handed; /* the last byte of the body (of a GET: its head) was given to libcurl */
    bool stopped;    /* we closed the gate before that */
    bool too_large;  /* the answer passed a ceiling */
    bool whole_head; /* a final status line and its headers were read to their end */
    unsigned status; /* HTTP code, 0 where none came */
};

enum transport_end end_of(const struct end_facts *facts);

/* What a handle whose transfer is over tells of how far it came. */
enum end_phase end_read_phase(CURL *easy, bool https);

#endif
