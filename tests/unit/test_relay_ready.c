/*
 * test_relay_ready.c - the conductor makes the next batch ready while one is on its way to the
 * wire or on it (see support_relay.h).
 */

#include "unit/support_cmocka.h"
#include "unit/support_relay.h"

#define FULL                                                                                   \
    "survey 900", "> begin", "done", "> peek", "events 250", "> peek", "events 250", "> seal"
#define AHEAD  START, FULL, "> survey"
#define BEGUN  AHEAD, "survey 3", "> begin"
#define POSTED BEGUN, "done for seal", "> send", "done for send", "> post 500"
#define FILLED                                                                                 \
    "done for begin", "> peek", "events 3 for peek", "> peek", "events 0 for peek", "> seal"
#define READY POSTED, FILLED, "done"
#define SETTLE                                                                                 \
    "> accept", "done for accept", "> tell batch_accepted 500", "> drain", "done for drain"
#define NONE "> survey", "survey 0"

static const struct scenario scenarios[] = {
    {"it is read while the one before it is sealed, marked and on the wire, and goes after it",
     {READY, "timer", "busy", "answer 200 of 1", SETTLE, NONE, SEND3, "answer 200 of 2",
      SETTLE3, NONE, "idle", "cycle 1"}},
    {"what lands meanwhile is settled, and it goes at once",
     {POSTED,
      "done for begin",
      "> peek",
      "answer 200 of 1",
      "> accept",
      "events 3 for peek",
      "> peek",
      "done for accept",
      "> tell batch_accepted 500",
      "> drain",
      "events 0 for peek",
      "> seal",
      "done for seal",
      "> send",
      "done for drain",
      "done for send",
      "> post 3",
      "answer 200 of 2",
      SETTLE3,
      NONE,
      "idle"}},
    {"no more than one: there are as many bodies as POSTs at a time, and one",
     {AHEAD,
      "survey 900",
      "> begin",
      "done for seal",
      "> send",
      "done for send",
      "> post 500",
      "done for begin",
      "> peek",
      "events 250",
      "> peek",
      "events 250",
      "> seal",
      "done",
      "timer",
      "flush",
      "answer 200 of 1",
      "> accept",
      "done for accept",
      "> tell batch_accepted 500",
      "> drain",
      "> survey",
      "survey 400",
      "> send",
      "> begin"}},
    {"not beside a large body: 500 rows are 1,002 bytes",
     {"room 2003", START, FULL, "done", "> send", "done", "> post 500", "timer", "answer 200",
      "> accept", "done", "> tell batch_accepted 500", "> drain", "> survey"}},
    {"beside one that leaves half of the room", {"room 2004", AHEAD}},
    {"not where nothing more is known to wait",
     {START, "survey 500", "> begin", "done", "> peek", "events 250", "> peek", "events 250",
      "> seal", "done", "> send", "done", "> post 500", "timer", "answer 200", SETTLE, NONE}},
    {"not while another batch is open: that goes first",
     {"up", "> list", "list sealed:1 sealed:1", "> list", "list sealed:1 sealed:1", "> survey",
      "survey 900", LOAD3, SEND3, "timer", "answer 200", "> accept", "done for accept",
      "> tell batch_accepted 3", "> drain", "> survey", "survey 900", "> load"}},
    {"paused meanwhile: it is kept",
     {READY, "answer 200 of 1", SETTLE, "> survey", "survey 0 paused", "idle", "cycle 1",
      "wait 120000", "> list", "list sealed:0", "> survey", "survey 0", "> load"}},
    {"paused while it is sealed: it is kept",
     {AHEAD, "survey 3 paused", "done for seal", "> survey", "survey 3 paused", "idle",
      "cycle 1"}},
    {"the one before it was not taken: it waits as long",
     {READY, "answer 429 of 1", "> move", "done", "> tell batch_waiting 500", "> survey",
      "survey 0", "idle", "due 2000"}},
    {"the one before it was not taken while it was sealed: it waits as long",
     {POSTED, FILLED, "answer 429 of 1", "> move", "done for seal", "done for move",
      "> tell batch_waiting 500", "> survey", "survey 0", "idle", "due 2000"}},
    {"it is sealed when the cycle would have ended: no flush waits for a timer",
     {"many 2",         AHEAD,        "survey 900",    "> begin",
      "done for seal",  "> send",     "done for send", "> post 500",
      "done for begin", "> peek",     "events 250",    "> peek",
      "events 250",     "> seal",     "> survey",      "answer 429 of 1",
      "> move",         "survey 400", "done for move", "> tell batch_waiting 500",
      "> survey",       "survey 400", "done for seal", "> survey",
      "survey 400",     "idle",       "cycle 1",       "due 2000"}},
    {"the circuit has opened while it was sealed: it is no probe before its time",
     {POSTED, FILLED, "answer 404 of 1", "> tell circuit open misdirected", "> move",
      "done for seal", "done for move", "> tell batch_waiting 500", "> survey", "survey 0",
      "idle", "due 2000"}},
    {"a refused credential is read anew while it is made ready",
     {POSTED, "done for begin", "> peek", "answer 401 of 1", "> move", "done for move",
      "> load", "events 3 for peek", "> peek", "events 0 for peek", "> seal", "done for seal",
      "timer"}},
    {"the link breaks: it is still ours, and goes without being read again",
     {READY, "down", "answer 200 of 1", "up", "> list", "list sealed:0 sending:1:post1", SETTLE,
      NONE, "> send"}},
    {"the link breaks, and it is ours no more",
     {READY, "down", "answer 200 of 1", "up", "> list", "list none:0 sending:1:post1", SETTLE,
      "> list", "list", NONE, "idle"}},
    {"Redis is in trouble: the cycle ends, and it is kept",
     {READY, "answer 200 of 1", "> accept", "failed", "> tell act_refused", "busy"}},
    {"Redis is in trouble: what is sealed meanwhile does not end the back-off",
     {AHEAD,
      "survey 3",
      "> begin",
      "done for seal",
      "> send",
      "failed for send",
      "> tell act_refused",
      "due 1000",
      FILLED,
      "done for seal",
      "wait 1000",
      "> list",
      "list sealed:0",
      "> list",
      "list sealed:0",
      "> survey",
      "survey 0",
      "> load",
      "loaded 3",
      "> send",
      "failed",
      "> tell act_refused",
      "due 2000"}},
    {"stopping: it is left to the next start",
     {READY, "stop", "busy", "answer 200 of 1", SETTLE, NONE, "idle"}},
    {"stopping while Redis is away: it holds nobody up",
     {READY, "answer 200 of 1", SETTLE, "> survey", "down", "stop", "idle"}},
    {"a new configuration waits for it",
     {READY, "reload max_events 2", "uses first", "answer 200 of 1", SETTLE, NONE, SEND3,
      "uses first", "answer 200 of 2", SETTLE3, "> survey", "uses next"}},
    {"a new configuration is not kept waiting by what is queued",
     {AHEAD, "reload max_events 2", "survey 900", "done for seal", "> send", "done for send",
      "> post 500", "answer 200", "> accept", "done", "> tell batch_accepted 500", "> drain",
      "done", "> survey", "uses next"}},
};

static void test_relay_makes_ready_as_the_script_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        script_run(scenarios[i].name, scenarios[i].lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay_makes_ready_as_the_script_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
