/*
 * test_ledger.c - a ledger that is cut, flipped, full, old, somebody else's: it never knows what
 * was not written, and forgets no more than was destroyed.
 */

#include "elrelay/edge/host/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/mem.h"

enum { BATCHES = 4, EVENTS = 7, RECORD = 64, FILE_MAX = 1024 * 1024, NAME_LEN = 200 };

#define NOW    ((uint64_t)1700000000000)
#define SHA256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char folder[] = "/tmp/elrelay-ledger-XXXXXX";
static char path[NAME_LEN];
static char key[NAME_LEN];

static struct uuid batch_id(size_t batch)
{
    struct uuid id;
    uint8_t random[UUID_RANDOM_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, (uint8_t)batch};
    uuid_make(&id, NOW + batch, random);
    return id;
}

static struct mark event_mark(const struct ledger *ledger, size_t batch, size_t event)
{
    char text[64];
    struct mark mark;
    snprintf(text, sizeof(text), "{\"event\": %zu}", batch * 1000 + event);
    ledger_mark(ledger, slice_of(text), &mark);
    return mark;
}

static bool send_batch(struct ledger *ledger, size_t batch, uint32_t attempt, uint64_t now)
{
    struct mark marks[EVENTS];
    struct uuid id = batch_id(batch);
    for (size_t i = 0; i < EVENTS; i++)
        marks[i] = event_mark(ledger, batch, i);
    return ledger_sending(ledger, &(struct ledger_send){.id = &id,
                                                        .attempt = attempt,
                                                        .sha256 = SHA256,
                                                        .marks = marks,
                                                        .count = EVENTS,
                                                        .route = 7,
                                                        .endpoint = 8,
                                                        .now_unix_ms = now});
}

static void note_batch(struct ledger *ledger, size_t batch, enum recall_state state)
{
    struct uuid id = batch_id(batch);
    ledger_note(ledger, &id, state, NOW + 1);
}

static enum recall_state state_of(const struct ledger *ledger, size_t batch)
{
    struct recall recall;
    struct uuid id = batch_id(batch);
    if (!ledger_recall(ledger, &id, 8, &recall))
        return RECALL_NONE;
    assert_string_equal(recall.id.text, id.text);
    return recall.state;
}

static struct ledger *open_at(uint64_t now)
{
    struct fault fault = {0};
    struct ledger *ledger = ledger_open(path, now, &fault);
    if (!ledger)
        fail_msg("%s", fault.text);
    return ledger;
}

static void check_refused(const char *want)
{
    struct fault fault = {0};
    struct ledger *ledger = ledger_open(path, NOW, &fault);
    assert_null(ledger);
    assert_int_equal(fault.code, FAULT_CONF);
    assert_non_null(strstr(fault.text, want));
    assert_non_null(strstr(fault.text, path));
}

/* 0: sending; 1: accepted; 2: not taken; 3: released. Three records of marks for each. */
static void fill(void)
{
    static const enum recall_state states[BATCHES] = {RECALL_NONE, RECALL_ACCEPTED,
                                                      RECALL_NOT_TAKEN, RECALL_RELEASED};
    struct ledger *ledger = open_at(NOW);
    for (size_t i = 0; i < BATCHES; i++)
        assert_true(send_batch(ledger, i, 1, NOW + i));
    for (size_t i = 1; i < BATCHES; i++)
        note_batch(ledger, i, states[i]);
    ledger_close(ledger);
}

static size_t read_file(const char *name, char *bytes)
{
    int fd = open(name, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t got = read(fd, bytes, FILE_MAX);
    close(fd);
    assert_true(got >= 0);
    return (size_t)got;
}

static void write_file(const char *name, const char *bytes, size_t len)
{
    unlink(name);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static size_t size_of(const char *name)
{
    struct stat facts;
    return stat(name, &facts) == 0 ? (size_t)facts.st_size : 0;
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/elrelay-ledger-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/ledger", folder);
    snprintf(key, sizeof(key), "%s/ledger.key", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    unlink(key);
    return rmdir(folder);
}

static void test_ledger_remembers_what_was_sent(void **state)
{
    struct recall recall;
    struct uuid id = batch_id(0);
    (void)state;
    fill();
    struct ledger *ledger = open_at(NOW);
    assert_string_equal(ledger_word(ledger), "good");
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
    fill();
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(stat(key, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(facts.st_size, 32);
}

static void test_ledger_holds_no_byte_of_an_event(void **state)
{
    char *bytes = mem_zalloc(FILE_MAX);
    (void)state;
    fill();
    size_t len = read_file(path, bytes);
    for (size_t i = 0; i + 5 <= len; i++)
        assert_memory_not_equal(bytes + i, "event", 5);
    mem_free(bytes);
}

static void test_ledger_index_names_the_batch_of_an_event(void **state)
{
    struct uuid found;
    size_t count = 0;
    (void)state;
    fill();
    struct ledger *ledger = open_at(NOW);
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
    struct ledger *ledger = open_at(NOW);
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
    fill();
    size_t before = size_of(path);
    struct ledger *ledger = open_at(NOW);
    assert_true(send_batch(ledger, 0, 2, NOW + 50));
    assert_int_equal(size_of(path), before + RECORD);
    assert_true(send_batch(ledger, 1, 2, NOW + 50)); /* accepted is final */
    ledger_close(ledger);
    ledger = open_at(NOW);
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

/* It holds what stands before the cut, and can be gone on with. */
static void check_cut(const char *bytes, size_t len)
{
    static const size_t begins[] = {1, 5, 9, 13, 17, 18, 19, 20};
    struct uuid id = batch_id(0);
    write_file(path, bytes, len);
    struct ledger *ledger = open_at(NOW);
    assert_string_equal(ledger_word(ledger), "good");
    assert_int_equal(size_of(path), len / RECORD * RECORD);
    for (size_t i = 0; i < BATCHES; i++)
        assert_int_equal(state_of(ledger, i) != RECALL_NONE, len / RECORD > begins[i]);
    for (size_t i = 1; i < BATCHES; i++)
        if (len / RECORD > begins[i])
            assert_int_equal(state_of(ledger, i) == RECALL_SENDING,
                             len / RECORD <= begins[BATCHES + i - 1]);
    assert_true(send_batch(ledger, 0, 2, NOW + 9));
    ledger_close(ledger);
    ledger = open_at(NOW);
    struct ledger_index *index = ledger_index_new(ledger, &id, 1);
    assert_int_equal(ledger_index_count(index), EVENTS);
    ledger_index_free(index);
    ledger_close(ledger);
}

static void test_ledger_cut_at_any_byte_goes_on(void **state)
{
    char *bytes = mem_zalloc(FILE_MAX);
    (void)state;
    fill();
    size_t len = read_file(path, bytes);
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
    write_file(path, bytes, len);
    struct ledger *ledger = ledger_open(path, NOW, &fault);
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
        for (size_t event = 0; event < BATCHES * EVENTS; event++) {
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
    fill();
    size_t len = read_file(path, bytes);
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
    fill();
    size_t len = read_file(path, bytes);
    bytes[5 * RECORD + 10] ^= 1; /* where batch 1 was sent */
    write_file(path, bytes, len);
    struct ledger *ledger = open_at(NOW);
    assert_string_equal(ledger_word(ledger), "damaged");
    assert_int_equal(state_of(ledger, 0), RECALL_SENDING);
    assert_int_equal(state_of(ledger, 1), RECALL_ACCEPTED);
    assert_int_equal(state_of(ledger, 3), RECALL_RELEASED);
    ledger_close(ledger);
    bytes[0] ^= 1; /* the head, too: it is still ours */
    write_file(path, bytes, len);
    ledger = open_at(NOW);
    assert_string_equal(ledger_word(ledger), "damaged");
    assert_int_equal(state_of(ledger, 0), RECALL_SENDING);
    ledger_close(ledger);
    mem_free(bytes);
}

static void check_foreign(const char *bytes, size_t len)
{
    char *after = mem_zalloc(FILE_MAX);
    size_t count = 0;
    struct ledger *ledger = open_at(NOW);
    assert_string_equal(ledger_word(ledger), "foreign");
    assert_true(send_batch(ledger, 0, 1, NOW));
    note_batch(ledger, 0, RECALL_ACCEPTED);
    assert_int_equal(state_of(ledger, 0), RECALL_NONE);
    assert_null(ledger_list(ledger, 7, NOW, &count));
    ledger_close(ledger);
    assert_int_equal(read_file(path, after), len);
    assert_memory_equal(after, bytes, len);
    mem_free(after);
}

static void test_ledger_leaves_a_foreign_file_alone(void **state)
{
    char *bytes = mem_zalloc(FILE_MAX);
    (void)state;
    fill();
    size_t len = read_file(path, bytes);
    write_file(key, "0123456789abcdef0123456789abcdef", 32);
    check_foreign(bytes, len);
    unlink(key);
    check_foreign(bytes, len); /* its key is gone: none is made */
    assert_int_equal(size_of(key), 0);
    write_file(path, "x\n", 2);
    write_file(key, "0123456789abcdef0123456789abcdef", 32);
    check_foreign("x\n", 2);
    mem_free(bytes);
}

static void test_ledger_is_written_by_one_process(void **state)
{
    (void)state;
    fill();
    struct ledger *ledger = open_at(NOW);
    check_refused("in use by another process");
    ledger_close(ledger);
    ledger_close(open_at(NOW));
}

static void test_ledger_refuses_what_is_not_ours_alone(void **state)
{
    (void)state;
    fill();
    assert_int_equal(chmod(key, 0640), 0);
    check_refused("chmod 600");
    assert_int_equal(chmod(key, 0600), 0);
    assert_int_equal(chmod(path, 0604), 0);
    check_refused("chmod 600");
    assert_int_equal(chmod(path, 0600), 0);
    write_file(key, "short", 5);
    check_refused("is no key");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    check_refused("");
    assert_int_equal(rmdir(path), 0);
}

static void test_ledger_drops_what_is_too_old(void **state)
{
    size_t count = 0;
    (void)state;
    fill();
    size_t before = size_of(path);
    struct ledger *ledger = open_at(NOW);
    assert_true(send_batch(ledger, 5, 1, NOW + LEDGER_KEEP_MS));
    struct recall *list = ledger_list(ledger, 7, NOW + LEDGER_COMPARE_MS + 60000, &count);
    assert_int_equal(count, 1);
    mem_free(list);
    ledger_close(ledger);
    ledger = open_at(NOW + LEDGER_KEEP_MS + 1000);
    assert_int_equal(state_of(ledger, 0), RECALL_NONE);
    assert_int_equal(state_of(ledger, 5), RECALL_SENDING);
    assert_true(size_of(path) < before);
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
    struct ledger *ledger = open_at(NOW);
    for (size_t i = 0; i < 50; i++)
        assert_true(send_batch(ledger, i, 1, NOW));
    assert_true(send_batch(ledger, 60, 1, NOW + LEDGER_KEEP_MS));
    note_batch(ledger, 60, RECALL_ACCEPTED);
    size_t before = size_of(path);
    assert_true(send_batch(ledger, 61, 1, NOW + 2 * LEDGER_KEEP_MS / 2 + 7200000));
    assert_true(size_of(path) < before / 2);
    assert_int_equal(state_of(ledger, 0), RECALL_NONE);
    assert_int_equal(state_of(ledger, 61), RECALL_SENDING);
    check_refused("in use by another process");
    ledger_close(ledger);
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
    fill();
    size_t before = size_of(path);
    struct ledger *ledger = open_at(NOW);
    for (size_t room = 0; room < 4 * RECORD; room += 30) {
        limit_files(before + room);
        assert_false(send_batch(ledger, 6, 1, NOW));
        assert_string_equal(ledger_word(ledger), "full");
        assert_int_equal(state_of(ledger, 6), RECALL_NONE);
        assert_int_equal(size_of(path), before);
    }
    note_batch(ledger, 0, RECALL_ACCEPTED);
    limit_files(RLIM_INFINITY);
    assert_true(send_batch(ledger, 6, 1, NOW));
    assert_string_equal(ledger_word(ledger), "good");
    ledger_close(ledger);
    ledger = open_at(NOW);
    assert_string_equal(ledger_word(ledger), "good");
    assert_int_equal(state_of(ledger, 6), RECALL_SENDING);
    ledger_close(ledger);
}

static void test_ledger_look_changes_nothing(void **state)
{
    struct fault fault = {0};
    size_t count = 0;
    (void)state;
    assert_string_equal(ledger_look(path, &count, &fault), "new");
    assert_int_equal(size_of(key), 0);
    fill();
    struct ledger *ledger = open_at(NOW);
    assert_string_equal(ledger_look(path, &count, &fault), "good");
    assert_int_equal(count, BATCHES);
    ledger_close(ledger);
    assert_int_equal(chmod(key, 0644), 0);
    assert_null(ledger_look(path, &count, &fault));
    assert_non_null(strstr(fault.text, "chmod 600"));
}

static void test_ledger_none_knows_nothing_and_says_yes(void **state)
{
    struct recall recall;
    struct uuid id = batch_id(0);
    struct mark mark;
    (void)state;
    assert_string_equal(ledger_word(NULL), "none");
    assert_true(ledger_sending(NULL, &(struct ledger_send){.id = &id}));
    ledger_note(NULL, &id, RECALL_ACCEPTED, NOW);
    assert_false(ledger_recall(NULL, &id, 0, &recall));
    ledger_mark(NULL, SLICE("{}"), &mark);
    assert_int_equal(ledger_tag(NULL, "x"), 0);
    ledger_close(NULL);
    ledger_index_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ledger_remembers_what_was_sent),
        TEST(test_ledger_files_are_ours_alone),
        TEST(test_ledger_holds_no_byte_of_an_event),
        TEST(test_ledger_index_names_the_batch_of_an_event),
        TEST(test_ledger_index_takes_the_batch_sent_last),
        TEST(test_ledger_sent_again_keeps_its_marks),
        TEST(test_ledger_cut_at_any_byte_goes_on),
        TEST(test_ledger_with_flipped_bits_invents_nothing),
        TEST(test_ledger_passes_over_one_bad_record),
        TEST(test_ledger_leaves_a_foreign_file_alone),
        TEST(test_ledger_is_written_by_one_process),
        TEST(test_ledger_refuses_what_is_not_ours_alone),
        TEST(test_ledger_drops_what_is_too_old),
        TEST(test_ledger_sweeps_while_it_runs),
        TEST(test_ledger_that_is_full_says_no_and_goes_on_later),
        TEST(test_ledger_look_changes_nothing),
        cmocka_unit_test(test_ledger_none_knows_nothing_and_says_yes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
