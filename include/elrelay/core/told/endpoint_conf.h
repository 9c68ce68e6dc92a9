#ifndef ELRELAY_CORE_TOLD_ENDPOINT_CONF_H
#define ELRELAY_CORE_TOLD_ENDPOINT_CONF_H

/*
 * endpoint_conf.h - the section `routes[].endpoint`. Texts are owned by struct conf; NULL where
 * not given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/core/decide/lookup.h"
#include "elrelay/core/decide/profile.h"
#include "elrelay/core/decide/retry.h"

enum { ENDPOINT_IN_FLIGHT_MAX = 16 }; /* POSTs of a route at a time */

enum auth_type { AUTH_NONE, AUTH_KEY, AUTH_BEARER };

struct auth_conf {
    enum auth_type type;
    char *header;      /* key: the header that carries the secret */
    char *secret_file; /* key, bearer: read at each use, so that it may rotate; one trailing
                          line end is cut */
};

struct header_pair {
    char *name;
    char *value;
};

struct endpoint_conf {
    const struct profile *profile; /* a row of profile_table */
    char *url;
    struct header_pair *headers;
    size_t header_count;
    struct auth_conf auth;
    uint64_t connect_timeout_ms;
    uint64_t timeout_ms;      /* from the first byte of the connect to the last of the answer */
    uint64_t low_speed_bytes; /* slower than this many bytes a second ... */
    uint64_t low_speed_time_ms; /* ... for this long ends the transfer; 0: never */
    char *ca_file;              /* instead of the system's */
    char *cert_file;            /* client certificate, PEM */
    char *key_file;
    char *proxy;
    bool allow_http; /* plain http to other hosts than loopback */
    struct retry_conf retry;
    enum unknown_policy on_unknown;
    struct lookup_conf lookup;
    uint32_t max_in_flight; /* POSTs of the route at a time, ENDPOINT_IN_FLIGHT_MAX at most */
    uint32_t max_unknown;   /* so many batches may be in doubt before no new one is sent */
    uint32_t max_halves;    /* POSTs of split batches in one cycle */
};

#endif
