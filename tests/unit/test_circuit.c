/*
 * test_circuit.c - which answer opens the circuit and which closes it, row by row; the words.
 */

#include "unit/support_cmocka.h"

#include "elrelay/core/decide/circuit.h"
#include "elrelay/core/decide/hold.h"

struct lesson_row {
    const char *name;
    struct circuit before;
    enum verdict_class verdict;
    struct circuit after;
    bool renewed;
    bool changed;
};

#define CLOSED                                                                                 \
    {                                                                                          \
        CIRCUIT_CLOSED, CIRCUIT_WHY_NONE                                                       \
    }
#define OPEN(reason)                                                                           \
    {                                                                                          \
        CIRCUIT_OPEN, CIRCUIT_WHY_##reason                                                     \
    }
#define HALF(reason)                                                                           \
    {                                                                                          \
        CIRCUIT_HALF_OPEN, CIRCUIT_WHY_##reason                                                \
    }

static const struct lesson_row lesson_rows[] = {
    {"taken", CLOSED, VERDICT_ACCEPTED, CLOSED, false, false},
    {"a probe is taken", HALF(AUTH), VERDICT_ACCEPTED, CLOSED, false, true},
    {"items", HALF(ALL_REFUSED), VERDICT_ITEMS, CLOSED, false, true},
    {"there", HALF(FILE), VERDICT_THERE, CLOSED, false, true},
    {"rows", CLOSED, VERDICT_ROWS, CLOSED, false, false},
    {"a probe's rows", HALF(FILE), VERDICT_ROWS, CLOSED, false, true},
    {"no proof where all are refused", HALF(ALL_REFUSED), VERDICT_ROWS, OPEN(ALL_REFUSED),
     false, true},
    {"too large", HALF(MISDIRECTED), VERDICT_TOO_LARGE, CLOSED, false, true},
    {"file", CLOSED, VERDICT_FILE, OPEN(FILE), false, true},
    {"misdirected", CLOSED, VERDICT_MISDIRECTED, OPEN(MISDIRECTED), false, true},
    {"a credential, once", CLOSED, VERDICT_AUTH, CLOSED, false, false},
    {"a credential, renewed", CLOSED, VERDICT_AUTH, OPEN(AUTH), true, true},
    {"a probe's credential", HALF(AUTH), VERDICT_AUTH, OPEN(AUTH), false, true},
    {"another reason", HALF(AUTH), VERDICT_FILE, OPEN(FILE), false, true},
    {"busy", CLOSED, VERDICT_BUSY, CLOSED, false, false},
    {"a probe that tells nothing: busy", HALF(AUTH), VERDICT_BUSY, OPEN(AUTH), false, true},
    {"not sent", HALF(FILE), VERDICT_NOT_SENT, OPEN(FILE), false, true},
    {"unknown", HALF(FILE), VERDICT_UNKNOWN, OPEN(FILE), false, true},
    {"unknown", CLOSED, VERDICT_UNKNOWN, CLOSED, false, false},
    {"still so", OPEN(FILE), VERDICT_FILE, OPEN(FILE), false, false},
};

static void test_circuit_learns(void **state)
{
    (void)state;
    bool seen[VERDICT_CLASS_COUNT] = {false};
    for (size_t i = 0; i < sizeof(lesson_rows) / sizeof(lesson_rows[0]); i++) {
        const struct lesson_row *row = &lesson_rows[i];
        struct circuit circuit = row->before;
        bool changed = circuit_learn(&circuit, row->verdict, row->renewed);
        seen[row->verdict] = true;
        if (changed != row->changed || circuit.state != row->after.state ||
            circuit.why != row->after.why)
            fail_msg("%s: %s %s", row->name, circuit_word(circuit.state),
                     circuit_why_word(circuit.why));
    }
    for (size_t i = 0; i < VERDICT_CLASS_COUNT; i++)
        assert_true(seen[i]);
}

static void test_circuit_probes_only_when_open(void **state)
{
    (void)state;
    struct circuit circuit = CLOSED;
    assert_false(circuit_probe(&circuit));
    assert_true(circuit_open(&circuit, CIRCUIT_WHY_FILE));
    assert_false(circuit_open(&circuit, CIRCUIT_WHY_FILE));
    assert_true(circuit_probe(&circuit));
    assert_false(circuit_probe(&circuit));
    assert_int_equal(circuit.state, CIRCUIT_HALF_OPEN);
    assert_true(circuit_close(&circuit));
    assert_false(circuit_close(&circuit));
}

static void test_circuit_words_read_back(void **state)
{
    (void)state;
    for (int why = CIRCUIT_WHY_NONE + 1; why < CIRCUIT_WHY_COUNT; why++) {
        const char *word = circuit_why_word((enum circuit_why)why);
        assert_int_equal(circuit_why_of_word(slice_of(word)), why);
        assert_true(strlen(circuit_why_sentence((enum circuit_why)why)) > 10);
    }
    assert_int_equal(circuit_why_of_word(SLICE("nonsense")), CIRCUIT_WHY_NONE);
}

static void test_hold_words_read_back(void **state)
{
    (void)state;
    for (int hold = HOLD_NONE + 1; hold < HOLD_COUNT; hold++) {
        const char *word = hold_word((enum hold)hold);
        assert_int_equal(hold_of_word(slice_of(word)), hold);
        assert_true(strlen(hold_sentence((enum hold)hold)) > 10);
    }
    assert_int_equal(hold_of_word(SLICE("nonsense")), HOLD_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_circuit_learns),
        cmocka_unit_test(test_circuit_probes_only_when_open),
        cmocka_unit_test(test_circuit_words_read_back),
        cmocka_unit_test(test_hold_words_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
