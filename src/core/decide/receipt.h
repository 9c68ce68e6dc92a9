#ifndef ELRELAY_CORE_DECIDE_RECEIPT_H
#define ELRELAY_CORE_DECIDE_RECEIPT_H

/*
 * receipt.h - ReportStream's receipt, its submission history (ENDPOINT 2.2).
 */

#include "elrelay/core/decide/verdict.h"
#include "elrelay/ground/json.h"

/* False where it does not say that a report was stored. */
bool receipt_read(struct receipt *receipt, const struct json *history);

/*
 * The beginning of an object that was too long to be read to its end, with those of its members
 * that are there whole; NULL where there is none. For json_free.
 */
struct json *receipt_parse_head(struct slice body);

#endif
