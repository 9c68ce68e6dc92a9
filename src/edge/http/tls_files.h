#ifndef ELRELAY_EDGE_HTTP_TLS_FILES_H
#define ELRELAY_EDGE_HTTP_TLS_FILES_H

/*
 * tls_files.h - whether the files of trust and of our own identity can be used, before anything
 * is sent.
 */

#include <stdbool.h>

#include "elrelay/core/told/endpoint_conf.h"
#include "elrelay/ground/fault.h"

/* CA file, client certificate and key: readable, PEM, belonging together, no pass phrase.
 * FAULT_CONF. */
bool tls_files_check(const struct endpoint_conf *endpoint, struct fault *fault);

#endif
