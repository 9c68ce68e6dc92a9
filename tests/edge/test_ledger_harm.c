/*
 * test_ledger_harm.c - a ledger that is cut, flipped, full or somebody else's: it never knows
 * what was not written, and forgets no more than was destroyed.
 */

#include "edge/support_ledger.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "elrelay/ground/mem.h"

/* It holds what stands before the cut, and can be gone on with. */
static void check_cut(const char *bytes, size_t len)
{
    static const size_t begins[] = {1, 5, 9, 13, 17, 18, 19, 20};
    struct uuid id = batch_id(0);
    write_file(ledger_path, bytes, len);
    struct ledger *ledger = ledger_open_at(NOW);
    assert_string_equal(ledger_word(ledger_state(ledger)), "good");
    assert_int_equal(size_of(ledger_path), len / RECORD * RECORD);
    for (size_t i = 0; i < BATCHES; i++)
        assert_int_equal(state_of(ledger, i) != RECALL_NONE, len / RECORD > begins[i]);
    for (size_t i = 1; i < BATCHES; i++)
        if (len / RECORD > begins[i])
            assert_int_equal(state_of(ledger, i) == RECALL_SENDING,
                             len / RECORD <= begins[BATCHES + i - 1]);
    assert_true(send_batch(ledger, 0, 2, NOW + 9));
    ledger_close(ledger);
    ledger = ledger_open_at(NOW);
    struct ledger_index *index = ledger_index_new(ledger, &id, 1);
    assert_int_equal(ledger_index_count(index), EVENTS);
    ledger_index_free(index);
    ledger_close(ledger);
}

static void test_ledger_cut_at_any_byte_goes_on(void **state)
{
    char *bytes = mem_zalloc(FILE_MAX);
    (void)state;
    ledger_fill();
    size_t len = read_file(ledger_path, bytes);
    assert_int_equal(len, 20 * RECORD);
    for (size_t cut = RECORD; cut <= len; cut++)
        check_cut(bytes, cut);
    mem_free(bytes);
}

/* What it says of a batch was so at some time, and it says nothing of others. */
static void check_flipped(const char *bytes, size_t len)
{
    size_t count = 0;
    struct fault fault = {0};
    write_file(ledger_path, bytes, len);
    struct ledger *ledger = ledger_open(ledger_path, NOW, &fault);
    assert_non_null(ledger);
    static const enum recall_state ends[BATCHES] = {RECALL_SENDING, RECALL_ACCEPTED,
                                                    RECALL_NOT_TAKEN, RECALL_RELEASED};
    for (size_t i = 0; i < BATCHES; i++) {
        enum recall_state told = state_of(ledger, i);
        assert_true(told == RECALL_NONE || told == RECALL_SENDING || told == ends[i]);
    }
    struct recall *list = ledger_list(ledger, 7, NOW, &count);
    assert_true(count <= BATCHES);
    for (size_t i = 0; i < count; i++) {
        struct uuid found;
        struct ledger_index *index = ledger_index_new(ledger, &list[i].id, 1);
        assert_int_equal(list[i].attempt, 1);
        for (size_t event = 0; event < (size_t)BATCHES * EVENTS; event++) {
            size_t batch = event / EVENTS;
            struct mark mark = event_mark(ledger, batch, event % EVENTS);
            if (ledger_index_find(index, &mark, &found))
                assert_string_equal(found.text, batch_id(batch).text);
        }
        ledger_index_free(index);
    }
    mem_free(list);
    ledger_close(ledger);
}

/* xorshift64* (Vigna 2016): the same on every machine. */
static uint64_t draw(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (*seed * 0x2545f4914f6cdd1du >> 32) % below;
}

static void test_ledger_with_flipped_bits_invents_nothing(void **state)
{
    char *bytes = mem_zalloc(FILE_MAX);
    char *flipped = mem_zalloc(FILE_MAX);
    uint64_t seed = 20261125;
    (void)state;
    ledger_fill();
    size_t len = read_file(ledger_path, bytes);
    for (int round = 0; round < 3000; round++) {
        memcpy(flipped, bytes, len);
        for (size_t flips = 1 + draw(&seed, 8); flips; flips--) {
            size_t bit = draw(&seed, len * 8);
            flipped[bit / 8] = (char)(flipped[bit / 8] ^ (1 << (bit % 8)));
        }
        check_flipped(flipped, len);
    }
    mem_free(bytes);
    mem_free(flipped);
}

static void test_ledger_passes_over_one_bad_record(void **state)
{
    char *bytes = mem_zalloc(FILE_MAX);
    (void)state;
    ledger_fill();
    size_t len = read_file(ledger_path, bytes);
    bytes[5 * RECORD + 10] ^= 1; /* where batch 1 was sent */
    write_file(ledger_path, bytes, len);
    struct ledger *ledger = ledger_open_at(NOW);
    assert_string_equal(ledger_word(ledger_state(ledger)), "damaged");
    assert_int_equal(state_of(ledger, 0), RECALL_SENDING);
    assert_int_equal(state_of(ledger, 1), RECALL_ACCEPTED);
    assert_int_equal(state_of(ledger, 3), RECALL_RELEASED);
    ledger_close(ledger);
    bytes[0] ^= 1; /* the head, too: it is still ours */
    write_file(ledger_path, bytes, len);
    ledger = ledger_open_at(NOW);
    assert_string_equal(ledger_word(ledger_state(ledger)), "damaged");
    assert_int_equal(state_of(ledger, 0), RECALL_SENDING);
    ledger_close(ledger);
    mem_free(bytes);
}

static void check_foreign(const char *bytes, size_t len)
{
    char *after = mem_zalloc(FILE_MAX);
    size_t count = 0;
    struct ledger *ledger = ledger_open_at(NOW);
    assert_string_equal(ledger_word(ledger_state(ledger)), "foreign");
    assert_true(send_batch(ledger, 0, 1, NOW));
    note_batch(ledger, 0, RECALL_ACCEPTED);
    assert_int_equal(state_of(ledger, 0), RECALL_NONE);
    assert_null(ledger_list(ledger, 7, NOW, &count));
    ledger_close(ledger);
    assert_int_equal(read_file(ledger_path, after), len);
    assert_memory_equal(after, bytes, len);
    mem_free(after);
}

static void test_ledger_leaves_a_foreign_file_alone(void **state)
{
    char *bytes = mem_zalloc(FILE_MAX);
    (void)state;
    ledger_fill();
    size_t len = read_file(ledger_path, bytes);
    write_file(ledger_key, "0123456789abcdef0123456789abcdef", 32);
    check_foreign(bytes, len);
    unlink(ledger_key);
    check_foreign(bytes, len); /* its ledger_key is gone: none is made */
    assert_int_equal(size_of(ledger_key), 0);
    write_file(ledger_path, "x\n", 2);
    write_file(ledger_key, "0123456789abcdef0123456789abcdef", 32);
    check_foreign("x\n", 2);
    mem_free(bytes);
}

static void limit_files(size_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_ledger_that_is_full_says_no_and_goes_on_later(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    ledger_fill();
    size_t before = size_of(ledger_path);
    struct ledger *ledger = ledger_open_at(NOW);
    for (size_t room = 0; room < (size_t)4 * RECORD; room += 30) {
        limit_files(before + room);
        assert_false(send_batch(ledger, 6, 1, NOW));
        assert_string_equal(ledger_word(ledger_state(ledger)), "full");
        assert_int_equal(state_of(ledger, 6), RECALL_NONE);
        assert_int_equal(size_of(ledger_path), before);
    }
    note_batch(ledger, 0, RECALL_ACCEPTED);
    limit_files(RLIM_INFINITY);
    assert_true(send_batch(ledger, 6, 1, NOW));
    assert_string_equal(ledger_word(ledger_state(ledger)), "good");
    ledger_close(ledger);
    ledger = ledger_open_at(NOW);
    assert_string_equal(ledger_word(ledger_state(ledger)), "good");
    assert_int_equal(state_of(ledger, 6), RECALL_SENDING);
    ledger_close(ledger);
}

/* What is old stays in the file then, and is known no more. */
static void test_ledger_that_is_full_at_the_start_is_used_all_the_same(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    ledger_fill();
    struct ledger *ledger = ledger_open_at(NOW);
    assert_true(send_batch(ledger, 5, 1, NOW + LEDGER_KEEP_MS));
    ledger_close(ledger);
    limit_files(RECORD);
    ledger = ledger_open_at(NOW + LEDGER_KEEP_MS + 1000);
    limit_files(RLIM_INFINITY);
    assert_int_equal(ledger_state(ledger), LEDGER_FULL);
    assert_int_equal(state_of(ledger, 0), RECALL_NONE);
    struct uuid id = batch_id(5);
    struct ledger_index *index = ledger_index_new(ledger, &id, 1);
    assert_int_equal(ledger_index_count(index), EVENTS);
    ledger_index_free(index);
    ledger_close(ledger);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ledger_cut_at_any_byte_goes_on),
        TEST(test_ledger_with_flipped_bits_invents_nothing),
        TEST(test_ledger_passes_over_one_bad_record),
        TEST(test_ledger_leaves_a_foreign_file_alone),
        TEST(test_ledger_that_is_full_says_no_and_goes_on_later),
        TEST(test_ledger_that_is_full_at_the_start_is_used_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
