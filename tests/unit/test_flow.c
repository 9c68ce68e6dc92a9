/*
 * test_flow.c - the state machine: every pair of state and event, against a picture of the
 * table drawn here.
 */

#include "unit/support_cmocka.h"

#include <stdio.h>

#include "elrelay/core/decide/flow.h"

static const struct flow_row *row_of(enum flow_state from, enum flow_event event)
{
    for (size_t i = 0; i < flow_row_count; i++)
        if (flow_table[i].from == from && flow_table[i].event == event)
            return &flow_table[i];
    return NULL;
}

static void test_flow_takes_what_the_table_says_and_refuses_the_rest(void **state)
{
    (void)state;
    size_t taken = 0;
    for (int from = 0; from < FLOW_STATE_COUNT; from++) {
        for (int event = 0; event < FLOW_EVENT_COUNT; event++) {
            enum flow_state to = FLOW_STATE_COUNT;
            struct fault fault = {0};
            const struct flow_row *row = row_of((enum flow_state)from, (enum flow_event)event);
            bool went = flow_step((enum flow_state)from, (enum flow_event)event, &to, &fault);
            enum flow_state want_to = row ? row->to : FLOW_STATE_COUNT;
            assert_int_equal(went, row != NULL);
            assert_int_equal(to, want_to);
            char want[64];
            snprintf(want, sizeof(want), "batch is in state %s",
                     flow_state_word((enum flow_state)from));
            assert_string_equal(fault.text, row ? "" : want);
            taken += went;
        }
    }
    assert_int_equal(taken, flow_row_count); /* no row stands twice */
}

static void test_flow_never_leaves_an_end(void **state)
{
    (void)state;
    const enum flow_state ends[] = {FLOW_COMPLETED, FLOW_UNREPORTED, FLOW_SPLIT,
                                    FLOW_TERMINATED};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        for (int event = 0; event < FLOW_EVENT_COUNT; event++)
            assert_null(row_of(ends[i], (enum flow_event)event));
}

static void test_flow_reaches_accepted_only_by_a_fact(void **state)
{
    (void)state;
    for (size_t i = 0; i < flow_row_count; i++) {
        enum flow_event event = flow_table[i].event;
        bool fact = event == FLOW_ON_ACCEPTED || event == FLOW_ON_LATE_ACCEPTED ||
                    event == FLOW_ON_FOUND || event == FLOW_ON_OPERATOR_ACCEPT;
        assert_int_equal(flow_table[i].to == FLOW_ACCEPTED, fact);
    }
}

/* Nothing of it was sent, and nobody doubts that. */
static void test_flow_goes_unreported_from_sealed_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < flow_row_count; i++)
        if (flow_table[i].to == FLOW_UNREPORTED)
            assert_int_equal(flow_table[i].from, FLOW_SEALED);
}

static void test_flow_never_goes_from_doubt_to_the_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < flow_row_count; i++)
        if (flow_table[i].to == FLOW_SENDING)
            assert_int_equal(flow_table[i].from, FLOW_SEALED);
}

static void test_flow_words_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < FLOW_STATE_COUNT; i++)
        assert_int_equal(flow_state_of_word(slice_of(flow_state_word((enum flow_state)i))), i);
    assert_int_equal(flow_state_of_word(SLICE("Sealed")), FLOW_NONE);
}

/* The README prints the table; a row there is `| from | event | to | act |`. */
static void test_flow_stands_in_the_readme(void **state)
{
    (void)state;
    static char text[256 * 1024];
    FILE *file = fopen(TEST_SOURCE_DIR "/README.md", "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *at = strstr(text, "<!-- flow table -->");
    assert_non_null(at);
    for (size_t i = 0; i < flow_row_count; i++) {
        char row[256];
        const char *from = flow_table[i].from == FLOW_NONE
                               ? "-"
                               : flow_state_word(flow_table[i].from);
        snprintf(row, sizeof(row), "\n| %s | %s | %s | %s |", from,
                 flow_event_words(flow_table[i].event), flow_state_word(flow_table[i].to),
                 flow_table[i].act);
        const char *found = strstr(at, row);
        if (!found)
            fail_msg("not in the README, or not in this place:%s", row);
        else
            at = found + 1;
    }
    const char *next = strchr(at, '\n');
    assert_true(next && next[1] != '|');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_takes_what_the_table_says_and_refuses_the_rest),
        cmocka_unit_test(test_flow_never_leaves_an_end),
        cmocka_unit_test(test_flow_reaches_accepted_only_by_a_fact),
        cmocka_unit_test(test_flow_goes_unreported_from_sealed_alone),
        cmocka_unit_test(test_flow_never_goes_from_doubt_to_the_wire),
        cmocka_unit_test(test_flow_words_read_back),
        cmocka_unit_test(test_flow_stands_in_the_readme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
