#ifndef ELRELAY_RECEIVER_ANSWER_H
#define ELRELAY_RECEIVER_ANSWER_H

/*
 * answer.h - an answer, and the ways in which it leaves: whole, slow, short, blown up.
 */

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#include "elrelay/ground/buf.h"
#include "plan.h"
#include "wake.h"

struct answer {
    unsigned status;
    const char *content_type; /* NULL: none */
    struct buf body;
    struct buf location; /* empty: none */
    /* below: while it is being sent */
    struct MHD_Connection *connection;
    struct wakes *wakes;
    uint64_t bytes_per_s; /* PLAN_UNSET: as fast as it goes */
    uint64_t cut_at;
    uint64_t started_ms;
};

void answer_init(struct answer *answer);
void answer_free(struct answer *answer);

/* Makes it a status with this body; content_type may be NULL. */
void answer_set(struct answer *answer, unsigned status, const char *content_type,
                const char *body);

/* The status with the body that the endpoint, its host or its gateway gives it. */
void answer_set_status(struct answer *answer, unsigned status);

/* Hands it to the connection, shaped by the plan. It must live until the connection is done
 * with it. */
enum MHD_Result answer_send(struct answer *answer, struct MHD_Connection *connection,
                            const struct plan *plan, struct wakes *wakes);

/* Suspends the connection and resumes it after_ms later; false where the receiver is stopping.
 */
bool connection_pause(struct MHD_Connection *connection, struct wakes *wakes,
                      uint64_t after_ms);

/* Sends a TCP reset at once. The caller then lets the connection be closed. */
void connection_reset(struct MHD_Connection *connection);

/* Sends a status line and half a header past libmicrohttpd (not under TLS). The caller then
 * lets it be closed. */
void connection_send_half_headers(struct MHD_Connection *connection);

#endif
