#ifndef ELRELAY_RECEIVER_RECEIVER_H
#define ELRELAY_RECEIVER_RECEIVER_H

/*
 * receiver.h - what all requests share: how the receiver was started, its rules, its store, its
 * clockwork.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/options.h"
#include "faults.h"
#include "store.h"
#include "wake.h"

struct settings {
    uint64_t port;
    const char *port_file;
    const char *cert;
    const char *tls_key;
    const char *key_file;
    struct text_list clients; /* none: any */
    struct text_list inactive;
    struct text_list plain;
    uint64_t plain_status;
    bool idempotent;
    uint64_t max_bytes;
    uint64_t max_rows;
    const char *length_errors;
    const char *accepted;
    const char *bodies;
    const char *requests;
    const char *faults;
    struct text_list fault_lines;
    uint64_t seed;
    bool help;
};

struct receiver {
    struct settings settings;
    char *key;  /* what --key-file holds, or NULL */
    char *base; /* http://127.0.0.1:PORT */
    struct faults faults;
    struct store store;
    struct wakes wakes;
    int requests_fd; /* -1: not written */
    atomic_uint_fast64_t posts;
    atomic_uint_fast64_t gets;
};

#endif
