/*
 * test_recall.c - when Redis counts as one that has forgotten a batch.
 */

#include "elrelay/core/relay/recall.h"

#include "unit/support_cmocka.h"

static const struct {
    enum recall_state sent;
    uint32_t sent_attempts;
    enum flow_state state;
    uint32_t attempts;
    bool forgotten;
} rows[] = {
    {RECALL_SENDING, 1, FLOW_NONE, 0, true},
    {RECALL_ACCEPTED, 1, FLOW_NONE, 0, true},
    {RECALL_SENDING, 1, FLOW_SEALED, 0, true},
    {RECALL_SENDING, 2, FLOW_UNKNOWN, 1, true},
    {RECALL_SENDING, 1, FLOW_SENDING, 1, false},
    {RECALL_SENDING, 1, FLOW_SEALED, 1, false},
    {RECALL_SENDING, 1, FLOW_HELD, 2, false},
    {RECALL_ACCEPTED, 1, FLOW_SENDING, 1, false},
    {RECALL_ACCEPTED, 1, FLOW_UNKNOWN, 1, false},
    {RECALL_ACCEPTED, 1, FLOW_ACCEPTED, 1, false},
    {RECALL_ACCEPTED, 1, FLOW_SEALED, 1, true},
    {RECALL_ACCEPTED, 1, FLOW_HELD, 1, true},
    {RECALL_ACCEPTED, 1, FLOW_FORMING, 1, true},
    {RECALL_ACCEPTED, 1, FLOW_FAILED, 1, true},
    {RECALL_ACCEPTED, 1, FLOW_COMPLETED, 1, false},
};

static void test_recall_knows_when_redis_knows_less(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct recall sent = {.state = rows[i].sent, .attempt = rows[i].sent_attempts};
        if (recall_is_forgotten(&sent, rows[i].state, rows[i].attempts) != rows[i].forgotten)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recall_knows_when_redis_knows_less)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
