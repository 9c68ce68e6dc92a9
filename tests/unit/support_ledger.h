#ifndef TESTS_UNIT_SUPPORT_LEDGER_H
#define TESTS_UNIT_SUPPORT_LEDGER_H

/*
 * support_ledger.h - a ledger that knows one batch, for the scripts of support_relay.h.
 */

#include "unit/support_stage.h"

extern const struct ledger_ports fake_ledger;

/* The line that says what it knows. */
void stage_sent_before(struct stage *stage, const char *line);

/* What Redis stores with a move, of what the ledger says. */
void stage_keep_old(struct stage *stage);

#endif
