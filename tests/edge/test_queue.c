/*
 * test_queue.c - the acts, from the queue's callbacks down to a real Redis.
 */

#include "edge/support_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "elrelay/ground/mem.h"

static struct redis_server server;
static struct queue_box box;
static struct batch batch;

#define DO(...) redis_server_do(&server, __VA_ARGS__)
#define STREAM  "elrelay:{r}:events"

static int set_up(void **state)
{
    (void)state;
    DO("FLUSHALL");
    queue_box_start(&box, &server, "one", 'a');
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    batch_free(&batch);
    queue_box_free(&box);
    return 0;
}

static void assert_field(const char *field, const char *wanted)
{
    char *text = queue_box_text(&server, "HGET elrelay:{r}:batch:%s %s", batch.manifest.id.text,
                                field);
    assert_string_equal(text, wanted);
    mem_free(text);
}

/* Forming */

static void test_queue_peeks_until_drained_and_seals_in_order(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 1200, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    assert_int_equal(batch.manifest.ver, 1);
    assert_true(batch.manifest.mine);
    queue_box_fill(&box, &batch, 10000);
    assert_int_equal(batch.id_count, 1200);
    assert_int_equal(queue_box_ask(&box, ACT_SEAL, &batch), PORT_DONE);
    assert_int_equal(batch.manifest.state, FLOW_SEALED);
    assert_int_equal(batch.manifest.count, 1200);
    assert_field("state", "sealed");
    assert_field("n", "1200");
}

/* 16 while nothing is known, then PEEK_COUNT_MAX; of large ones 2 MB at a time, and nothing of
 * what a reply brought beyond that is passed over. */
static void test_queue_peek_keeps_to_want_and_learns_the_size(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 59, 0);
    queue_box_enqueue(&server, 16, 1000000);
    queue_box_enqueue(&server, 100, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    static const struct {
        size_t want;
        size_t count;
    } rows[] = {{250, 16}, {3, 3}, {250, 40}, {250, 3}, {250, 2}, {250, 2}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        batch.want = rows[i].want;
        queue_box_ask(&box, ACT_PEEK, &batch);
        assert_int_equal(box.event_count, rows[i].count);
        for (size_t n = 0; n < box.event_count; n++)
            batch_add_id(&batch, box.ids[n]);
    }
    queue_box_fill(&box, &batch, 1000);
    assert_int_equal(queue_box_ask(&box, ACT_SEAL, &batch), PORT_DONE);
    assert_int_equal(queue_box_ask(&box, ACT_LOAD, &batch), PORT_DONE);
    assert_int_equal(box.event_count, 175);
    assert_memory_equal(box.ids, batch.ids, 175 * sizeof(box.ids[0]));
}

/* The next batch begins with it. */
static void test_queue_peek_that_reads_on_leaves_what_is_given_back_meanwhile(void **state)
{
    struct batch other = {0};
    (void)state;
    queue_box_enqueue(&server, 9, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    queue_box_fill(&box, &batch, 3);
    queue_box_bring(&box, &other, '2', FLOW_FORMING);
    queue_box_fill(&box, &other, 3);
    assert_int_equal(queue_box_ask(&box, ACT_ABANDON, &other), PORT_DONE);
    queue_box_fill(&box, &batch, 1000);
    assert_int_equal(batch.id_count, 6);
    batch_free(&other);
    queue_box_bring(&box, &other, '3', FLOW_FORMING);
    queue_box_fill(&box, &other, 1000);
    assert_int_equal(other.id_count, 3);
    batch_free(&other);
}

static void test_queue_peek_takes_back_what_was_given_back_first(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 30, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    queue_box_fill(&box, &batch, 20);
    struct stream_id first = batch.ids[0];
    assert_int_equal(queue_box_ask(&box, ACT_ABANDON, &batch), PORT_DONE);
    assert_int_equal(batch.manifest.state, FLOW_TERMINATED);
    batch_free(&batch);
    queue_box_bring(&box, &batch, '2', FLOW_FORMING);
    queue_box_fill(&box, &batch, 1000);
    assert_int_equal(batch.id_count, 30);
    assert_int_equal(stream_id_compare(first, batch.ids[0]), 0);
    assert_int_equal(queue_box_ask(&box, ACT_SEAL, &batch), PORT_DONE);
}

static void test_queue_tells_shapes_of_entries_apart(void **state)
{
    (void)state;
    DO("XADD " STREAM " 1-1 event %b", "a\0b", (size_t)3);
    DO("XADD " STREAM " 2-1 other x");
    DO("XADD " STREAM " 3-1 event x event y");
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    DO("XADD " STREAM " 4-1 event x");
    DO("XREADGROUP GROUP elrelay b:%s STREAMS " STREAM " >", batch.manifest.id.text);
    DO("XDEL " STREAM " 4-1");
    batch.want = 10;
    queue_box_ask(&box, ACT_PEEK, &batch);
    assert_int_equal(box.event_count, 4);
    const bool has_bytes[] = {true, false, false, false};
    const bool gone[] = {false, false, false, true};
    assert_memory_equal(box.has_bytes, has_bytes, sizeof(has_bytes));
    assert_memory_equal(box.gone, gone, sizeof(gone));
}

static void test_queue_buries_all_letters_in_chunks(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 600, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    queue_box_fill(&box, &batch, 1000);
    for (size_t i = 0; i < 600; i++)
        batch_add_letter(&batch, &(struct event){.id = batch.ids[i]},
                         (struct blame){.reason = REASON_BOM, .offset = i, .column = 2});
    assert_int_equal(queue_box_ask(&box, ACT_BURY, &batch), PORT_DONE);
    assert_int_equal(DO("XLEN elrelay:{r}:dead"), 600);
    assert_int_equal(DO("XLEN " STREAM), 0);
}

static void test_queue_seals_and_loads_ten_thousand_events(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 10003, 0);
    queue_box_bring(&box, &batch, '1', FLOW_SEALED);
    assert_int_equal(batch.id_count, 10000);
    struct stream_id last = batch.ids[9999];
    batch.id_count = 0;
    assert_int_equal(queue_box_ask(&box, ACT_LOAD, &batch), PORT_DONE);
    assert_int_equal(batch.id_count, 10000);
    assert_int_equal(stream_id_compare(batch.ids[9999], last), 0);
    assert_int_equal(box.event_count, 10000);
    assert_memory_equal(box.ids, batch.ids, 10000 * sizeof(box.ids[0]));
    assert_true(box.largest_chunk <= 250);
    assert_string_equal(box.last_room, "{\"n\":9999}");
}

static void write_id(char id[STREAM_ID_TEXT_MAX], size_t at)
{
    stream_id_write(id, batch.ids[at]);
}

static void test_queue_loads_what_the_manifest_names(void **state)
{
    (void)state;
    char id[STREAM_ID_TEXT_MAX];
    queue_box_enqueue(&server, 7, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    queue_box_fill(&box, &batch, 1000);
    write_id(id, 3);
    memmove(&batch.ids[3], &batch.ids[4], 3 * sizeof(batch.ids[0]));
    batch.id_count = 6;
    assert_int_equal(queue_box_ask(&box, ACT_SEAL, &batch), PORT_DONE);
    DO("XCLAIM " STREAM " elrelay b:%s 0 %s", batch.manifest.id.text, id); /* a stray */
    write_id(id, 2);
    DO("XDEL " STREAM " %s", id);
    write_id(id, 5);
    DO("XACK " STREAM " elrelay %s", id);
    assert_int_equal(queue_box_ask(&box, ACT_LOAD, &batch), PORT_DONE);
    assert_int_equal(box.event_count, 6);
    assert_memory_equal(box.ids, batch.ids, 6 * sizeof(box.ids[0]));
    const bool gone[] = {false, false, true, false, false, true};
    assert_memory_equal(box.gone, gone, sizeof(gone));
}

/* Settling */

static void test_queue_settles_a_batch_and_keeps_its_receipt(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 1200, 0);
    queue_box_bring(&box, &batch, '1', FLOW_ACCEPTED);
    assert_int_equal(batch.manifest.attempts, 1);
    assert_field("status", "201");
    assert_field("submission_id", "7");
    assert_field("report_id", "");
    for (uint64_t wanted = 500; wanted < 1200; wanted += 500) {
        assert_int_equal(queue_box_ask(&box, ACT_DRAIN, &batch), PORT_DONE);
        assert_int_equal(batch.manifest.drained, wanted);
    }
    assert_int_equal(queue_box_ask(&box, ACT_DRAIN, &batch), PORT_DONE);
    assert_int_equal(batch.manifest.drained, 1200);
    assert_int_equal(DO("XLEN " STREAM), 0);
    assert_int_equal(DO("ZCARD elrelay:{r}:open"), 0);
    assert_int_equal(DO("ZCARD elrelay:{r}:done"), 1);
}

/* Redis has stored the mark; the loop does not run meanwhile, so that the answer waits in our
 * socket. */
static void wait_for_mark(void)
{
    char *text = NULL;
    do {
        mem_free(text);
        text = queue_box_text(&server, "HGET elrelay:{r}:batch:%s state",
                              batch.manifest.id.text);
    } while (strcmp(text, "sending") != 0);
    mem_free(text);
}

/* Sends, and changes a field of the manifest between the mark and the look at it. */
static enum port_result send_disturbed(const char *field, const char *value)
{
    redis_server_pause(&server);
    queue_box_put(&box, ACT_SEND, &batch);
    for (int turn = 0; turn < 3; turn++)
        uv_run(&box.link.loop, UV_RUN_NOWAIT);
    redis_server_resume(&server);
    wait_for_mark();
    DO("HSET elrelay:{r}:batch:%s %s %s", batch.manifest.id.text, field, value);
    queue_box_wait(&box);
    return box.result;
}

static void test_queue_sends_only_what_it_has_seen_marked(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        const char *value;
        enum port_result result;
    } rows[] = {{"owner", "x", PORT_REFUSED},
                {"ver", "9", PORT_REFUSED},
                {"attempts", "2", PORT_REFUSED},
                {"state", "held", PORT_REFUSED},
                {"since", "1", PORT_DONE}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        queue_box_enqueue(&server, 1, 0);
        batch_free(&batch);
        queue_box_bring(&box, &batch, (char)('1' + (int)i), FLOW_SEALED);
        uint64_t ver = batch.manifest.ver;
        batch.manifest.ver = 0; /* refused, but now Redis knows the script */
        assert_int_equal(queue_box_ask(&box, ACT_SEND, &batch), PORT_REFUSED);
        batch.manifest.ver = ver;
        assert_int_equal(send_disturbed(rows[i].field, rows[i].value), rows[i].result);
        assert_int_equal(queue_lease_holds(box.queue, &batch), rows[i].result == PORT_DONE);
    }
}

static void test_queue_moves_by_the_flow_table(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 1200, 0);
    queue_box_bring(&box, &batch, '1', FLOW_SENDING);
    batch.cause = FLOW_ON_UNKNOWN;
    assert_int_equal(queue_box_ask(&box, ACT_MOVE, &batch), PORT_DONE);
    assert_int_equal(batch.manifest.state, FLOW_UNKNOWN);
    batch.cause = FLOW_ON_RESEND;
    assert_int_equal(queue_box_ask(&box, ACT_MOVE, &batch), PORT_DONE);
    assert_int_equal(batch.manifest.state, FLOW_SEALED);
    batch.cause = FLOW_ON_OPERATOR_TERMINATE;
    assert_int_equal(queue_box_ask(&box, ACT_MOVE, &batch), PORT_DONE);
    assert_int_equal(batch.manifest.state, FLOW_TERMINATED);
    assert_int_equal(DO("ZCARD elrelay:{r}:open"), 0);
    assert_int_equal(queue_box_ask(&box, ACT_SURVEY, NULL), PORT_DONE);
    assert_int_equal(box.survey.waiting, 1200);
}

static void test_queue_refuses_at_a_closed_door(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 2, 0);
    queue_box_bring(&box, &batch, '1', FLOW_SEALED);
    batch.manifest.ver++;
    assert_int_equal(queue_box_ask(&box, ACT_SEND, &batch), PORT_REFUSED);
    assert_int_equal(queue_box_ask(&box, ACT_DRAIN, &batch), PORT_REFUSED);
    assert_int_equal(queue_box_ask(&box, ACT_BEGIN, &batch), PORT_REFUSED);
    assert_field("state", "sealed");
}

static void test_queue_fails_an_act_that_redis_refuses(void **state)
{
    (void)state;
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    DO("SET elrelay:{r}:done x");
    assert_int_equal(queue_box_ask(&box, ACT_ABANDON, &batch), PORT_FAILED);
    assert_int_equal(queue_box_ask(&box, ACT_SURVEY, NULL), PORT_FAILED);
    assert_int_equal(queue_box_ask(&box, ACT_LIST, NULL), PORT_FAILED);
    assert_int_equal(queue_box_ask(&box, ACT_PEEK, &batch), PORT_FAILED);
    DO("DEL elrelay:{r}:done");
    assert_int_equal(queue_box_ask(&box, ACT_ABANDON, &batch), PORT_DONE);
}

/* The route */

static void test_queue_surveys_and_takes_the_inbox_in(void **state)
{
    (void)state;
    DO("RPUSH inbox a b c");
    DO("HSET elrelay:{r}:state paused 1");
    queue_box_ask(&box, ACT_SURVEY, NULL);
    assert_true(box.survey.paused);
    assert_int_equal(box.survey.inbox, 3);
    assert_int_equal(box.survey.waiting, 0);
    assert_int_equal(queue_box_ask(&box, ACT_INTAKE, NULL), PORT_DONE);
    queue_box_ask(&box, ACT_SURVEY, NULL);
    assert_int_equal(box.survey.inbox, 0);
    assert_int_equal(box.survey.waiting, 3);
    assert_true(box.survey.oldest_unix_ms <= box.survey.now_unix_ms);
    assert_true(box.survey.oldest_unix_ms > 0);
}

static void test_queue_lists_all_pages(void **state)
{
    (void)state;
    for (int i = 0; i < 230; i++) {
        char id[UUID_TEXT_LEN + 1];
        snprintf(id, sizeof(id), "00000000-0000-7000-8000-%012d", i);
        DO("ZADD elrelay:{r}:open 5 %s", id);
        if (i != 7)
            DO("HSET elrelay:{r}:batch:%s state sealed ver 3 owner x name y n 2 attempts 1",
               id);
    }
    assert_int_equal(queue_box_ask(&box, ACT_LIST, NULL), PORT_DONE);
    assert_int_equal(box.list_count, 229);
    assert_int_equal(box.list[228].ver, 3);
    assert_int_equal(box.list[228].count, 2);
    assert_false(box.list[228].mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_queue_peeks_until_drained_and_seals_in_order),
        TEST(test_queue_peek_keeps_to_want_and_learns_the_size),
        TEST(test_queue_peek_that_reads_on_leaves_what_is_given_back_meanwhile),
        TEST(test_queue_peek_takes_back_what_was_given_back_first),
        TEST(test_queue_tells_shapes_of_entries_apart),
        TEST(test_queue_buries_all_letters_in_chunks),
        TEST(test_queue_seals_and_loads_ten_thousand_events),
        TEST(test_queue_loads_what_the_manifest_names),
        TEST(test_queue_settles_a_batch_and_keeps_its_receipt),
        TEST(test_queue_sends_only_what_it_has_seen_marked),
        TEST(test_queue_moves_by_the_flow_table),
        TEST(test_queue_refuses_at_a_closed_door),
        TEST(test_queue_fails_an_act_that_redis_refuses),
        TEST(test_queue_surveys_and_takes_the_inbox_in),
        TEST(test_queue_lists_all_pages),
    };
    redis_server_start(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    redis_server_stop(&server);
    return failed;
}
