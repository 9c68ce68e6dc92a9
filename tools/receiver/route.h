#ifndef ELRELAY_RECEIVER_ROUTE_H
#define ELRELAY_RECEIVER_ROUTE_H

/*
 * route.h - which path is whose, and the handlers. Each fills the exchange's answer.
 */

#include "exchange.h"

/* Calls the handler of this method and path; 404 without a body where there is none. */
void route_handle(struct exchange *exchange);

/* POST /api/reports and /api/waters (ENDPOINT 1, 2). */
void submit_to_reports(struct exchange *exchange);
void submit_to_waters(struct exchange *exchange);

/* POST to a path of --plain. */
void submit_plain(struct exchange *exchange);

/* GET /api/waters/report/ID/history and /api/waters/org/ORG/submissions (ENDPOINT 4). */
void show_history(struct exchange *exchange);
void show_submissions(struct exchange *exchange);

#endif
