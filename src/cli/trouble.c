/*
 * trouble.c - sentences for what holds a batch up.
 */

#include "cli/trouble.h"

#include <stdio.h>

#include "cli/say.h"
#include "elrelay/core/decide/circuit.h"
#include "elrelay/edge/host/ledger.h"

void trouble_say_batch(const struct survey_batch *batch, const char *front)
{
    if (batch->why != HOLD_NONE)
        printf("%sheld: %s\n", front, hold_sentence(batch->why));
    if (batch->orphan)
        printf("%sin doubt: its daemon is gone; the next one that lives goes on with it\n",
               front);
    if (batch->state == FLOW_HELD)
        printf("%selrelay held accept|resend|terminate %s --reason TEXT\n", front,
               batch->id.text);
    if (batch->state == FLOW_FAILED)
        printf("%selrelay batch release|terminate %s --reason TEXT\n", front, batch->id.text);
}

/* One that is good is told, too: it is what protects. */
void trouble_say_ledgers(const struct route_survey *found, const char *front)
{
    const struct alive *alive = &found->alive;
    for (size_t i = 0; i < alive->count; i++) {
        const struct alive_daemon *daemon = &alive->list[i];
        if (!daemon->lives || !daemon->ledger[0] || strcmp(daemon->ledger, "none") == 0)
            continue;
        printf("%sledger of %s: %s\n", front, daemon->name,
               ledger_sentence(slice_of(daemon->ledger)));
        if (alive_count(alive, false) > 1)
            printf("%sit knows nothing of what others send: a ledger is for one daemon\n",
                   front);
    }
}

void trouble_say_circuits(const struct route_survey *found, const char *front)
{
    for (size_t i = 0; i < found->alive.count; i++) {
        const struct alive_daemon *daemon = &found->alive.list[i];
        if (!daemon->lives || !daemon->circuit[0])
            continue;
        char age[SAY_MAX];
        uint64_t ms = found->now_ms > daemon->since_ms ? found->now_ms - daemon->since_ms : 0;
        printf("%scircuit of %s is %s for %s: %s\n", front, daemon->name, daemon->circuit,
               say_age(age, ms),
               circuit_why_sentence(circuit_why_of_word(slice_of(daemon->why))));
    }
}
