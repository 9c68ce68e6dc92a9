/*
 * test_relay_ledger.c - the conductor and a local ledger: what it is told, and what becomes of
 * events that were sent before (see support_relay.h).
 */

#include "unit/support_cmocka.h"
#include "unit/support_relay.h"

#define OLD "99999999-0000-7000-8000-000000000000"
#define OWN "ffffffff-0000-7000-8000-000000000000"
#define FORM(events)                                                                           \
    "survey 3", "> begin", "done", "> peek", events, "> peek", "events 0", "> seal", "done"
#define WRITTEN    "> send", "done", "> ledger sending", "> post 3"
#define DRAINED    "> accept", "done", "> tell batch_accepted 3", "> drain", "done"
#define REAPPEARED "> move", "done", ("> tell batch_reappeared " OLD), "> tell batch_waiting 3"
#define LOOK       "> list", "list unknown:0", "> survey", "survey 0", "> get"
#define ABSENT     "page absent", "> tell batch_looked_up absent", "> looked", "done"

static const struct scenario scenarios[] = {
    {"it is written before the POST, and what came of it",
     {"ledger", START, FORM("events 3"), WRITTEN, "answer 201 receipt 3", "> ledger accepted",
      DRAINED, "> ledger accepted", "> survey"}},
    {"busy: not taken",
     {"ledger", START, FORM("events 3"), WRITTEN, "answer 429", "> ledger not_taken", "> move",
      "done", "> tell batch_waiting 3", "> survey"}},
    {"nobody knows: nothing is written",
     {"ledger", START, FORM("events 3"), WRITTEN, "answer 504", "> move", "done",
      "> tell batch_waiting 3", "> survey"}},
    {"busy after a doubt says nothing of the attempt before it",
     {"ledger", "up", "> list", "list sealed:1:doubted", "> list", "list sealed:1:doubted",
      REST, "> load", "loaded 3", WRITTEN, "answer 429", "> move", "done",
      "> tell batch_waiting 3", "> survey"}},
    {"split: its events go other ways",
     {"ledger", START, FORM("events 3"), WRITTEN, "answer 413", "> ledger not_taken", "> split",
      "done", "> ledger released", "> tell batch_split 3", "> carve"}},
    {"it cannot be written: not sent, and tried again",
     {"ledger", "ledger full", START, FORM("events 3"), "> send", "done", "> ledger full",
      "> move", "done", "> tell batch_waiting 3", REST, "ledger", "wait 2000", "> list",
      "list sealed:1", REST, "> load", "loaded 3", WRITTEN}},
    {"sent before and accepted: accepted, and never sent",
     {"ledger", "sent 3 accepted", START, FORM("events 3 old 3"), REAPPEARED, REST,
      "> ledger accepted old", DRAINED, "> survey"}},
    {"sent before: looked for under the old id, and found",
     {"policy lookup", "ledger", "sent 3 sending", START, FORM("events 3 old 3"), REAPPEARED,
      REST, "due 99000", "wait 99000", LOOK, "page found 3", "> tell batch_looked_up found",
      "> ledger accepted old", DRAINED, "> survey"}},
    {"found with the count of then, though only some of its events have come",
     {"policy lookup", "ledger", "sent 5 sending", START, FORM("events 3 old 3"), REAPPEARED,
      REST, "wait 99000", LOOK, "page found 5", "> tell batch_looked_up found",
      "> ledger accepted old", DRAINED, "> survey"}},
    {"absent twice: not taken, and sent under its own id",
     {"policy lookup",
      "ledger",
      "sent 3 sending",
      START,
      FORM("events 3 old 3"),
      REAPPEARED,
      REST,
      "wait 99000",
      LOOK,
      ABSENT,
      "> tell batch_waiting 3",
      REST,
      "wait 50000",
      LOOK,
      ABSENT,
      "> ledger not_taken old",
      "> move",
      "done",
      "> load",
      "loaded 3 old 3",
      WRITTEN,
      "answer 201 receipt 3",
      "> ledger accepted",
      DRAINED,
      "> ledger accepted",
      "> survey"}},
    {"the list cannot tell: held, whatever the fallback is",
     {"policy lookup or resend", "ledger", "sent 3 sending", START, FORM("events 3 old 3"),
      REAPPEARED, REST, "wait 99000", LOOK, "page 401", "> tell batch_looked_up barred",
      "> move", "done", "> tell batch_held reappeared", "> survey"}},
    {"no list, and a key: the same bytes under the old id",
     {"ledger", "sent 3 sending", START, FORM("events 3 old 3"), REAPPEARED, REST, "> move",
      "done", "> load", "loaded 3 old 3", WRITTEN, "answer 201 receipt 3",
      "> ledger accepted old", DRAINED, "> survey"}},
    {"no list, and other bytes: held",
     {"ledger", "sent 4 sending", START, FORM("events 3 old 3"), REAPPEARED, "> move", "done",
      "> tell batch_held reappeared", "> survey"}},
    {"no list, and a person is asked",
     {"policy hold", "ledger", "sent 3 sending", START, FORM("events 3 old 3"), REAPPEARED,
      "> move", "done", "> tell batch_held reappeared", "> survey"}},
    {"sent to another endpoint: held",
     {"ledger", "sent 3 sending elsewhere", START, FORM("events 3 old 3"), REAPPEARED, REST,
      "> move", "done", "> tell batch_held endpoint_changed", "> survey"}},
    {"not taken: sent as if for the first time",
     {"ledger", "sent 3 not_taken", START, FORM("events 3 old 3"), WRITTEN}},
    {"a batch takes only events of one origin",
     {"ledger", "sent 3 accepted", START, "survey 4", "> begin", "done", "> peek",
      "events 4 old 3", "> seal", "done", REAPPEARED, "> survey"}},
    {"a sealed one that has both: its events come anew",
     {"ledger", "sent 3 sending", "up", "> list", "list sealed:0", "> list", "list sealed:0",
      REST, "> load", "loaded 3 old 2", "> move", "done", "> tell batch_abandoned 3",
      "> survey"}},
    {"and one that was sent since: held",
     {"ledger", "sent 3 sending", "up", "> list", "list sealed:1", "> list", "list sealed:1",
      REST, "> load", "loaded 3 old 2", "> move", "done", "> tell batch_held reappeared",
      "> survey"}},
    {"its own id, of which Redis has forgotten that it was sent",
     {"ledger",
      "sent 3 sending own",
      "up",
      "> list",
      "list sealed:0",
      "> list",
      "list sealed:0",
      REST,
      "> load",
      "loaded 3 old 3",
      "> move",
      "done",
      ("> tell batch_reappeared " OWN),
      "> tell batch_waiting 3",
      REST,
      "> move",
      "done",
      "> load",
      "loaded 3 old 3",
      WRITTEN}},
    {"in doubt, and sent again after what Redis knows: looked for from then on",
     {"policy lookup", "ledger", "sent 3 sending own", "up", "> list",
      "list unknown:0:doubted:settled", "> list", "list unknown:0:doubted:settled", REST,
      "> move", "done", ("> tell batch_reappeared " OWN), "> tell batch_waiting 3", REST,
      "due 99000"}},
    {"in doubt, and the ledger knows that it was accepted",
     {"policy hold", "ledger", "sent 3 accepted own", "up", "> list", "list unknown:1:doubted",
      "> ledger accepted old", DRAINED, "> ledger accepted old", "> list"}},
};

static void test_relay_goes_by_the_ledger(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        script_run(scenarios[i].name, scenarios[i].lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay_goes_by_the_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
