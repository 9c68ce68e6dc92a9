/*
 * test_relay_forming.c - the conductor while a batch forms (see support_relay.h).
 */

#include "unit/support_cmocka.h"
#include "unit/support_relay.h"

static const struct scenario scenarios[] = {
    {"limits seal the batch",
     {START, "survey 500", "> begin", "done", "> peek", "events 250", "> peek", "events 250",
      "> seal"}},
    {"invalid events are set aside, the rest goes on",
     {START, "survey 5", "> begin", "done", "> peek", "events 3 bad 1 gone 1", "> peek",
      "events 0", "> bury", "done", "> tell events_dead 2", "> seal"}},
    {"many invalid ones do not wait for the batch",
     {START, "survey 900", "> begin", "done", "> peek", "events 0 bad 249", "> peek",
      "events 5 bad 1", "> bury", "done", "> tell events_dead 250", "> peek", "events 0",
      "> seal"}},
    {"a chunk tells what the next one wants",
     {START, "survey 500", "> begin", "done", "> peek", "wants 250 250", "events 100", "> peek",
      "wants 250 150", "events 250", "> peek", "wants 150 0", "events 150", "> seal"}},
    {"what is full by bytes wants nothing more, until one is full by its count",
     {START,
      "survey 3 limit 12",
      "> begin",
      "done",
      "> peek",
      "wants 250 250",
      "events 3",
      "> seal",
      "done",
      "> send",
      "done",
      "> post 2",
      "answer 200",
      "> accept",
      "done",
      "> tell batch_accepted 2",
      "> drain",
      "done",
      "> survey",
      "survey 500",
      "> begin",
      "done",
      "> peek",
      "wants 250 0",
      "events 250",
      "> peek",
      "wants 250 0",
      "events 250",
      "> seal",
      "done",
      "> send",
      "done",
      "> post 500",
      "answer 200",
      "> accept",
      "done",
      "> tell batch_accepted 500",
      "> drain",
      "done",
      "> survey",
      "survey 900",
      "> begin",
      "done",
      "> peek",
      "wants 250 250"}},
    {"a new configuration begins anew", {START,        "survey 3 limit 12",
                                         "> begin",    "done",
                                         "> peek",     "events 3",
                                         "> seal",     "done",
                                         "> send",     "done",
                                         "> post 2",   "reload max_events 400",
                                         "answer 200", "> accept",
                                         "done",       "> tell batch_accepted 2",
                                         "> drain",    "done",
                                         "> survey",   "survey 900",
                                         "> begin",    "done",
                                         "> peek",     "wants 250 150"}},
    {"nothing valid: the batch is abandoned, the cycle goes on",
     {START, "survey 2", "> begin", "done", "> peek", "events 0 bad 2", "> peek", "events 0",
      "> bury", "done", "> tell events_dead 2", "> abandon", "done", "> tell batch_abandoned 0",
      "> survey", "survey 0", "idle"}},
};

static void test_relay_forms_as_the_script_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        script_run(scenarios[i].name, scenarios[i].lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay_forms_as_the_script_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
