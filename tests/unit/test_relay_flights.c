/*
 * test_relay_flights.c - the conductor with several POSTs on the wire (see support_relay.h).
 */

#include "elrelay/core/relay/batch.h"
#include "unit/support_cmocka.h"
#include "unit/support_relay.h"

#define ONE  START, FORM3, SEND3
#define MORE "> survey", FORM3, SEND3
#define NONE "> survey", "survey 0"

#define FIRST "00000000-0000-7000-8000-000000000001"

static const struct scenario scenarios[] = {
    {"as many POSTs at a time as there may be, and the cycle ends with the last",
     {"many 2", ONE, MORE, "cycle 0", "answer 200 of 1", SETTLE3, NONE, "busy", "cycle 0",
      "answer 200 of 2", SETTLE3, NONE, "idle", "cycle 1"}},
    {"one at a time, unless more are asked for",
     {ONE, "timer", "flush", "answer 200", SETTLE3, NONE, "> list"}},
    {"the place of one that has landed is taken by the next",
     {"many 2", ONE, MORE, "answer 200 of 2", SETTLE3, MORE, "answer 200 of 1", SETTLE3, NONE}},
    {"what has landed is settled before anything new is begun",
     {"many 2", ONE, "> survey", "answer 200 of 1", "> accept", "done",
      "> tell batch_accepted 3", "> drain", "survey 0", "done", NONE}},
    {"what was accepted is settled while another is formed",
     {"many 2",
      ONE,
      "> survey",
      "survey 3",
      "> begin",
      "answer 200 of 1",
      "> accept",
      "done for begin",
      "> peek",
      "done for accept",
      "> tell batch_accepted 3",
      "> drain",
      "events 3 for peek",
      "> peek",
      "done for drain",
      "events 0 for peek",
      "> seal",
      "done",
      SEND3,
      NONE,
      "answer 200 of 2",
      SETTLE3,
      NONE,
      "idle",
      "cycle 1"}},
    {"no more at a time than may be in doubt",
     {"many 9", ONE, MORE, MORE, "timer", "answer 200 of 2", SETTLE3, NONE}},
    {"those in doubt count as well",
     {"many 9", START, "survey 3 doubts 1", FILL3, SEND3, "> survey", "survey 3 doubts 1",
      FILL3, SEND3, "timer"}},
    {"the endpoint is probed with one alone",
     {"many 2", ONE, MORE, "answer 404 of 1", "> tell circuit open misdirected", "> move",
      "done", "> tell batch_waiting 3", "timer", "flush", "answer 404 of 2", "> move", "done",
      "> tell batch_waiting 3", NONE, "> list"}},
    {"the link breaks with two on the wire",
     {"many 2", ONE, MORE, "down", "up", "> list", "list sending:1:post1 sending:1:post2",
      "answer 200 of 2", SETTLE3, NONE, "answer 200 of 1", SETTLE3, NONE, "idle"}},
    {"both have landed when the link comes back",
     {"many 2",
      ONE,
      MORE,
      "down",
      "answer 200 of 2",
      "answer 200 of 1",
      "up",
      "> list",
      "list sending:1:post1 sending:1:post2",
      "> accept",
      "> accept",
      "done for accept of 1",
      "> tell batch_accepted 3",
      "> drain",
      "done for accept of 2",
      "> tell batch_accepted 3",
      "> drain",
      "done for drain of 1",
      "done for drain of 2",
      NONE,
      "idle"}},
    {"one was adopted by another meanwhile: only its acceptance counts",
     {"many 2", ONE, MORE, "down", "up", "> list",
      "list unknown:1:other:post1 unknown:1:other:post2", "answer 504 of 1", "> list",
      "list unknown:1:other:post1 unknown:1:other:post2", NONE, "answer 200 of 2", SETTLE3,
      NONE, "idle"}},
    {"one that is not listed any more is let go",
     {"many 2", ONE, MORE, "down", "up", "> list", "list sending:1:post2", "answer 200 of 1",
      "> list", "list sending:1:post2", "> tell batch_vanished 3", NONE, "answer 200 of 2",
      SETTLE3, NONE}},
    {"a takeover does not wait for an endpoint that hangs",
     {"up",
      "> list",
      "list sealed:0:missing",
      "> list",
      "list sealed:0:missing",
      "> survey",
      FORM3,
      SEND3,
      "due 30000",
      "wait 30000",
      "> list",
      "list sending:1:post1 sealed:0:gone",
      "> adopt",
      "done",
      "timer",
      "answer 200 of 1",
      SETTLE3,
      "> survey",
      "survey 0",
      LOAD3,
      SEND3}},
    {"a heartbeat that is missing is looked after at once",
     {START, "survey 0", "missing 0", "> list", "list sealed:0:missing", "due 30000",
      "wait 30000", "> list", "list sealed:0:gone", "> adopt", "done", "> list",
      "list sealed:0", "> survey", "survey 0", LOAD3, SEND3}},
    {"one that ends soon is looked after when it has",
     {START, "survey 0", "missing 400", "due 400", "wait 399", "due 1", "wait 1", "> list",
      "list", "due 119600"}},
    {"what is missing while a POST is on the wire is looked after as well",
     {ONE, "missing 0", "> list", "list sending:1:post1 forming:0:gone", "> abandon", "done",
      "> tell batch_abandoned 0", "answer 200 of 1", SETTLE3, NONE}},
    {"a new configuration waits for what is on the wire",
     {"many 2", ONE, MORE, "reload max_events 2", "uses first", "answer 200 of 1", SETTLE3,
      "timer", "uses first", "answer 200 of 2", SETTLE3, "> survey", "uses next", "survey 0"}},
    {"a flush that waits for a takeover settles what lands meanwhile",
     {"many 2", "flush", "up", "> list", "list sealed:0:missing", "> list",
      "list sealed:0:missing", "> survey", FORM3, SEND3, "> survey", "survey 0",
      "answer 200 of 1", SETTLE3, "> survey", "survey 0", "due 30000"}},
    {"stopping: what has landed does not wait until Redis is less troubled",
     {"many 2", ONE, "> survey", "failed", "> tell act_refused", "answer 200 of 1", "busy",
      "stop", "> list", "list sending:1:post1", SETTLE3, "idle"}},
    {"what lands during a look is settled at once",
     {"many 2",
      "policy lookup",
      "up",
      "> list",
      "list unknown:1",
      "> list",
      "list unknown:1",
      "> survey",
      FORM3,
      SEND3,
      "> survey",
      "survey 0",
      "due 100000",
      "wait 100000",
      "> survey",
      "survey 0",
      "> get",
      "answer 201 receipt 3 of 1",
      SETTLE3,
      "page found 3",
      "> tell batch_looked_up found",
      SETTLE3,
      "> survey"}},
    {"a POST that hangs does not keep new events from their time",
     {"many 2", ONE, "> survey", "survey 0", "due 120000", "wait 120000", "> survey", FORM3,
      SEND3, "timer", "answer 200 of 2", SETTLE3, "> survey", "survey 0", "due 120000", "timer",
      "> survey", "survey 0", "due 120000"}},
    {"Redis came back older than a POST, and that was accepted",
     {START, FORM3, SEND3, "down", "up", "> list", "list sealed:0:post1", "answer 200 of 1",
      "> list", "list sealed:0:post1", "> move", "done", ("> tell batch_reappeared " FIRST),
      SETTLE3, "> survey"}},
    {"Redis came back older than a POST, and nobody knows what became of that",
     {"policy lookup", START, FORM3, SEND3, "down", "answer 504 of 1", "up", "> list",
      "list sealed:0:post1", "> move", "done", ("> tell batch_reappeared " FIRST),
      "> tell batch_waiting 3", NONE, "due 100000"}},
    {"Redis came back older than a POST, and that was not taken",
     {START, FORM3, SEND3, "down", "answer 429 of 1", "up", "> list", "list sealed:0:post1",
      NONE, "> load"}},
    {"stopping: what is on the wire is settled, nothing is begun",
     {"many 2", ONE, MORE, "stop", "busy", "answer 200 of 1", SETTLE3, NONE, "busy",
      "answer 200 of 2", SETTLE3, NONE, "idle"}},
};

static void test_relay_has_several_on_the_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        script_run(scenarios[i].name, scenarios[i].lines);
}

/* There are as many places as POSTs at a time, and a body can be large. */
static void test_relay_keeps_no_body_of_a_batch_that_went(void **state)
{
    (void)state;
    const struct format_conf conf = {.format = format_by_name(SLICE("csv"))};
    struct batch batch;
    struct blame blame;
    batch_init(&batch, &conf, 1000000);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(encoder_add(&batch.encoder, SLICE("{\"a\":\"b\"}"), &blame),
                         ENCODE_TAKEN);
        assert_true(encoder_finish(&batch.encoder).len > 0);
        batch_clear(&batch);
        assert_int_equal(batch.encoder.body.cap, 0);
    }
    batch_free(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay_has_several_on_the_wire),
        cmocka_unit_test(test_relay_keeps_no_body_of_a_batch_that_went)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
