/*
 * recall.c - what a ledger remembers, held against what Redis knows.
 */

#include "elrelay/core/relay/recall.h"

/* Where Redis only waits to be told that a batch was accepted that is told first of all, and
 * its events go nowhere else until then. */
static bool recall_goes_astray(enum flow_state state)
{
    return state == FLOW_SEALED || state == FLOW_HELD || state == FLOW_FORMING ||
           state == FLOW_FAILED;
}

bool recall_is_forgotten(const struct recall *sent, enum flow_state state, uint32_t attempts)
{
    return attempts < sent->attempt ||
           (sent->state == RECALL_ACCEPTED && recall_goes_astray(state));
}
