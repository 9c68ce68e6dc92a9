#ifndef ELRELAY_EDGE_HTTP_OPTIONS_H
#define ELRELAY_EDGE_HTTP_OPTIONS_H

/*
 * options.h - what every transfer to an endpoint has in common: one table of options, the URL
 * rules, TLS, proxy, timeouts, and the gate that each connection passes.
 */

#include <stdbool.h>

#include <curl/curl.h>

#include "elrelay/core/told/endpoint_conf.h"
#include "elrelay/ground/fault.h"

/* Asked before each connect and, by the upload, before the last chunk. Once closed it stays so.
 */
struct gate {
    bool loopback_only;
    bool stopped;
    bool (*may_go_on)(void *ctx); /* NULL: always */
    void *ctx;
};

bool gate_is_open(struct gate *gate);

/* https anywhere; http to loopback, elsewhere with allow_http; no user or password in it. With
 * profile none, nowhere. FAULT_CONF. */
bool options_check_url(const struct endpoint_conf *endpoint, const char *url,
                       struct fault *fault);

/* For a URL that has passed options_check_url. */
bool options_is_https(const char *url);

/*
 * For a transfer to url, which is copied, as the endpoint wants it. The gate is borrowed until
 * the transfer is over; its loopback_only is set here.
 */
void options_apply(CURL *easy, const struct endpoint_conf *endpoint, const char *url,
                   struct gate *gate);

#endif
