/*
 * test_ledger.c - what a ledger remembers, who may use it, and what it drops.
 */

#include "edge/support_ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "elrelay/ground/mem.h"

static void test_ledger_remembers_what_was_sent(void **state)
{
    struct recall recall;
    struct uuid id = batch_id(0);
    (void)state;
    ledger_fill();
    struct ledger *ledger = ledger_open_at(NOW);
    assert_string_equal(ledger_word(ledger_state(ledger)), "good");
    assert_true(ledger_recall(ledger, &id, 8, &recall));
    assert_int_equal(recall.attempt, 1);
    assert_int_equal(recall.count, EVENTS);
    assert_int_equal(recall.first_unix_ms, NOW);
    assert_string_equal(recall.body, "0011223344556677");
    assert_false(recall.elsewhere);
    assert_true(ledger_recall(ledger, &id, 9, &recall));
    assert_true(recall.elsewhere);
    assert_int_equal(state_of(ledger, 0), RECALL_SENDING);
    assert_int_equal(state_of(ledger, 1), RECALL_ACCEPTED);
    assert_int_equal(state_of(ledger, 2), RECALL_NOT_TAKEN);
    assert_int_equal(state_of(ledger, 3), RECALL_RELEASED);
    assert_int_equal(state_of(ledger, 4), RECALL_NONE);
    ledger_close(ledger);
}

static void test_ledger_files_are_ours_alone(void **state)
{
    struct stat facts;
    (void)state;
    ledger_fill();
    assert_int_equal(stat(ledger_path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(stat(ledger_key, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(facts.st_size, 32);
}

static void test_ledger_holds_no_byte_of_an_event(void **state)
{
    char *bytes = mem_zalloc(FILE_MAX);
    (void)state;
    ledger_fill();
    size_t len = read_file(ledger_path, bytes);
    for (size_t i = 0; i + 5 <= len; i++)
        assert_memory_not_equal(bytes + i, "event", 5);
    mem_free(bytes);
}

static void test_ledger_index_names_the_batch_of_an_event(void **state)
{
    struct uuid found;
    size_t count = 0;
    (void)state;
    ledger_fill();
    struct ledger *ledger = ledger_open_at(NOW);
    struct recall *list = ledger_list(ledger, 7, NOW, &count);
    assert_int_equal(count, 2); /* what may have been taken */
    struct uuid ids[2] = {list[0].id, list[1].id};
    mem_free(list);
    assert_null(ledger_list(ledger, 6, NOW, &count));
    struct ledger_index *index = ledger_index_new(ledger, ids, 2);
    assert_int_equal(ledger_index_count(index), 2 * EVENTS);
    for (size_t batch = 0; batch < BATCHES; batch++) {
        for (size_t i = 0; i < EVENTS; i++) {
            struct mark mark = event_mark(ledger, batch, i);
            assert_int_equal(ledger_index_find(index, &mark, &found), batch < 2);
            if (batch < 2)
                assert_string_equal(found.text, batch_id(batch).text);
        }
    }
    struct mark mark = event_mark(ledger, 0, 0);
    note_batch(ledger, 0, RECALL_NOT_TAKEN);
    assert_false(ledger_index_find(index, &mark, &found));
    assert_false(ledger_index_find(NULL, &mark, &found));
    ledger_index_free(index);
    ledger_close(ledger);
}

/* The event was given free by the first, and sent under the second. */
static void test_ledger_index_takes_the_batch_sent_last(void **state)
{
    struct uuid found;
    struct mark mark;
    struct uuid ids[2] = {batch_id(1), batch_id(0)};
    (void)state;
    struct ledger *ledger = ledger_open_at(NOW);
    ledger_mark(ledger, SLICE("{}"), &mark);
    for (size_t i = 0; i < 2; i++)
        assert_true(ledger_sending(ledger, &(struct ledger_send){.id = &ids[i],
                                                                 .attempt = 1,
                                                                 .sha256 = SHA256,
                                                                 .marks = &mark,
                                                                 .count = 1,
                                                                 .now_unix_ms = NOW + i}));
    struct ledger_index *index = ledger_index_new(ledger, ids, 2);
    assert_true(ledger_index_find(index, &mark, &found));
    assert_string_equal(found.text, ids[1].text);
    ledger_index_free(index);
    ledger_close(ledger);
}

static void test_ledger_sent_again_keeps_its_marks(void **state)
{
    struct recall recall;
    struct uuid id = batch_id(0);
    (void)state;
    ledger_fill();
    size_t before = size_of(ledger_path);
    struct ledger *ledger = ledger_open_at(NOW);
    assert_true(send_batch(ledger, 0, 2, NOW + 50));
    assert_int_equal(size_of(ledger_path), before + RECORD);
    assert_true(send_batch(ledger, 1, 2, NOW + 50)); /* accepted is final */
    ledger_close(ledger);
    ledger = ledger_open_at(NOW);
    assert_true(ledger_recall(ledger, &id, 8, &recall));
    assert_int_equal(recall.attempt, 2);
    assert_int_equal(recall.first_unix_ms, NOW);
    assert_int_equal(recall.last_unix_ms, NOW + 50);
    assert_int_equal(state_of(ledger, 1), RECALL_ACCEPTED);
    struct ledger_index *index = ledger_index_new(ledger, &id, 1);
    assert_int_equal(ledger_index_count(index), EVENTS);
    ledger_index_free(index);
    ledger_close(ledger);
}

static void test_ledger_is_written_by_one_process(void **state)
{
    (void)state;
    ledger_fill();
    struct ledger *ledger = ledger_open_at(NOW);
    check_refused(FAULT_GENERAL, "in use by another process");
    ledger_close(ledger);
    ledger_close(ledger_open_at(NOW));
}

static void test_ledger_refuses_what_is_not_ours_alone(void **state)
{
    (void)state;
    ledger_fill();
    assert_int_equal(chmod(ledger_key, 0640), 0);
    check_refused(FAULT_CONF, "chmod 600");
    assert_int_equal(chmod(ledger_key, 0600), 0);
    assert_int_equal(chmod(ledger_path, 0604), 0);
    check_refused(FAULT_CONF, "chmod 600");
    assert_int_equal(chmod(ledger_path, 0600), 0);
    write_file(ledger_key, "short", 5);
    check_refused(FAULT_CONF, "is no key");
    unlink(ledger_path);
    assert_int_equal(mkdir(ledger_path, 0700), 0);
    check_refused(FAULT_CONF, "");
    assert_int_equal(rmdir(ledger_path), 0);
}

static void test_ledger_drops_what_is_too_old(void **state)
{
    size_t count = 0;
    (void)state;
    ledger_fill();
    size_t before = size_of(ledger_path);
    struct ledger *ledger = ledger_open_at(NOW);
    assert_true(send_batch(ledger, 5, 1, NOW + LEDGER_KEEP_MS));
    struct recall *list = ledger_list(ledger, 7, NOW + LEDGER_COMPARE_MS + 60000, &count);
    assert_int_equal(count, 1);
    mem_free(list);
    ledger_close(ledger);
    ledger = ledger_open_at(NOW + LEDGER_KEEP_MS + 1000);
    assert_int_equal(state_of(ledger, 0), RECALL_NONE);
    assert_int_equal(state_of(ledger, 5), RECALL_SENDING);
    assert_true(size_of(ledger_path) < before);
    struct uuid id = batch_id(5);
    struct ledger_index *index = ledger_index_new(ledger, &id, 1);
    assert_int_equal(ledger_index_count(index), EVENTS);
    ledger_index_free(index);
    ledger_close(ledger);
}

/* While it is open; the states of the others outlive that. */
static void test_ledger_sweeps_while_it_runs(void **state)
{
    (void)state;
    struct ledger *ledger = ledger_open_at(NOW);
    for (size_t i = 0; i < 50; i++)
        assert_true(send_batch(ledger, i, 1, NOW));
    assert_true(send_batch(ledger, 60, 1, NOW + LEDGER_KEEP_MS));
    note_batch(ledger, 60, RECALL_ACCEPTED);
    size_t before = size_of(ledger_path);
    assert_true(send_batch(ledger, 61, 1, NOW + 2 * LEDGER_KEEP_MS / 2 + 7200000));
    assert_true(size_of(ledger_path) < before / 2);
    assert_int_equal(state_of(ledger, 0), RECALL_NONE);
    assert_int_equal(state_of(ledger, 61), RECALL_SENDING);
    check_refused(FAULT_GENERAL, "in use by another process");
    ledger_close(ledger);
}

static void test_ledger_look_changes_nothing(void **state)
{
    struct fault fault = {0};
    size_t count = 0;
    (void)state;
    enum ledger_state found = LEDGER_NONE;
    assert_true(ledger_look(ledger_path, &found, &count, &fault));
    assert_int_equal(found, LEDGER_NEW);
    assert_int_equal(size_of(ledger_key), 0);
    ledger_fill();
    struct ledger *ledger = ledger_open_at(NOW);
    assert_true(ledger_look(ledger_path, &found, &count, &fault));
    assert_int_equal(found, LEDGER_GOOD);
    assert_int_equal(count, BATCHES);
    ledger_close(ledger);
    assert_int_equal(chmod(ledger_key, 0644), 0);
    assert_false(ledger_look(ledger_path, &found, &count, &fault));
    assert_non_null(strstr(fault.text, "chmod 600"));
}

static void test_ledger_none_knows_nothing_and_says_yes(void **state)
{
    struct recall recall;
    struct uuid id = batch_id(0);
    struct mark mark;
    (void)state;
    assert_string_equal(ledger_word(ledger_state(NULL)), "none");
    assert_string_equal(ledger_sentence(SLICE("none")), "no ledger");
    assert_string_equal(ledger_sentence(SLICE("nothing")), "");
    assert_true(ledger_sending(NULL, &(struct ledger_send){.id = &id}));
    ledger_note(NULL, &id, RECALL_ACCEPTED, NOW);
    assert_false(ledger_recall(NULL, &id, 0, &recall));
    ledger_mark(NULL, SLICE("{}"), &mark);
    assert_int_equal(ledger_tag(NULL, "x"), 0);
    ledger_close(NULL);
    ledger_index_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ledger_remembers_what_was_sent),
        TEST(test_ledger_files_are_ours_alone),
        TEST(test_ledger_holds_no_byte_of_an_event),
        TEST(test_ledger_index_names_the_batch_of_an_event),
        TEST(test_ledger_index_takes_the_batch_sent_last),
        TEST(test_ledger_sent_again_keeps_its_marks),
        TEST(test_ledger_is_written_by_one_process),
        TEST(test_ledger_refuses_what_is_not_ours_alone),
        TEST(test_ledger_drops_what_is_too_old),
        TEST(test_ledger_sweeps_while_it_runs),
        TEST(test_ledger_look_changes_nothing),
        cmocka_unit_test(test_ledger_none_knows_nothing_and_says_yes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
