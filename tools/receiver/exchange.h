#ifndef ELRELAY_RECEIVER_EXCHANGE_H
#define ELRELAY_RECEIVER_EXCHANGE_H

/*
 * exchange.h - one request and its answer, from the headers to the end of the connection's
 * interest in it.
 *
 * A route's handler sees the whole body and fills the answer; faults before and behind it are
 * the exchange's.
 */

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#include "answer.h"
#include "elrelay/ground/buf.h"
#include "faults.h"
#include "plan.h"
#include "receiver.h"

struct exchange {
    struct receiver *receiver;
    struct MHD_Connection *connection;
    char *method;
    char *path;
    struct slice path_part; /* what a route's pattern leaves open, as an id */
    struct faults_request request;
    struct plan plan;
    struct buf body;     /* at most max_bytes and one */
    uint64_t body_bytes; /* as many as came */
    struct answer answer;
    bool stored;  /* the store has it, or will have it after a late commit */
    bool decided; /* the answer is known and logged */
};

/* Callbacks of libmicrohttpd; cls is the receiver. */
enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *connection,
                                    const char *url, const char *method, const char *version,
                                    const char *upload_data, size_t *upload_data_size,
                                    void **con_cls);
void exchange_on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                           enum MHD_RequestTerminationCode code);

/* Of a request header or query parameter; NULL where it is absent. */
const char *exchange_header(const struct exchange *exchange, const char *name);
const char *exchange_query(const struct exchange *exchange, const char *name);

/* The key that --key-file asks for came along, or none is asked for; otherwise answers 401 with
 * no body. */
bool exchange_has_key(struct exchange *exchange);

/* The same key as a Bearer token, as /waters asks for one; otherwise answers 401 with JSON. */
bool exchange_has_token(struct exchange *exchange);

/*
 * Stores the delivery now, or later where the plan says so; takes delivery and remarks. NULL
 * where there is no submission to tell of: the plan's own answer, or 500, is set.
 */
const struct submission *exchange_store(struct exchange *exchange, struct delivery *delivery,
                                        struct remarks *remarks);

/* A delivery of this request: its body is moved there. */
struct delivery exchange_delivery(struct exchange *exchange, const char *sender);

#endif
