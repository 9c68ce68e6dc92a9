/*
 * test_queue_ahead.c - chunks that are read before the conductor asks for them, against a real
 * Redis.
 */

#include "edge/support_queue.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

/* They lie below what was read since, and ids of a batch only grow. */
static void test_queue_peek_leaves_what_a_lost_reply_brought_to_the_next_batch(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 10, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    queue_box_fill(&box, &batch, 4);
    DO("XREADGROUP GROUP elrelay b:%s COUNT 3 STREAMS " STREAM " >", batch.manifest.id.text);
    queue_box_fill(&box, &batch, 1000);
    assert_int_equal(batch.id_count, 7);
    assert_int_equal(queue_box_ask(&box, ACT_SEAL, &batch), PORT_DONE);
    batch_free(&batch);
    queue_box_bring(&box, &batch, '2', FLOW_FORMING);
    queue_box_fill(&box, &batch, 1000);
    assert_int_equal(batch.id_count, 3);
}

static void peek(size_t want, size_t want_next)
{
    batch.want = want;
    batch.want_next = want_next;
    assert_int_equal(queue_box_ask(&box, ACT_PEEK, &batch), PORT_DONE);
    for (size_t i = 0; i < box.event_count; i++)
        batch_add_id(&batch, box.ids[i]);
}

/* Ten events in chunks of three, each read ahead but the first. */
static void test_queue_peek_reads_ahead(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 10, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    for (size_t chunk = 0; chunk < 4; chunk++) {
        peek(3, 3);
        assert_int_equal(box.event_count, chunk < 3 ? 3 : 1);
    }
    assert_int_equal(batch.id_count, 10);
    assert_int_equal(queue_box_ask(&box, ACT_SEAL, &batch), PORT_DONE);
}

static void test_queue_gives_back_what_was_read_ahead_for_nothing(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 10, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    peek(4, 4);
    assert_int_equal(queue_box_ask(&box, ACT_SEAL, &batch), PORT_DONE);
    batch_free(&batch);
    queue_box_bring(&box, &batch, '2', FLOW_FORMING);
    queue_box_fill(&box, &batch, 1000);
    assert_int_equal(batch.id_count, 6);
}

/* Between the two stands another act: the read has come back before anybody waited for it. */
static void test_queue_peek_reads_back_what_was_read_ahead_too_early(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 10, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    peek(4, 4);
    queue_box_ask(&box, ACT_SURVEY, NULL);
    assert_false(batch.reads_on);
    queue_box_fill(&box, &batch, 1000);
    assert_int_equal(batch.id_count, 10);
    assert_int_equal(queue_box_ask(&box, ACT_SEAL, &batch), PORT_DONE);
}

/* Its answer is for nobody, and nobody waits for it: what it brought stays for the next batch.
 * If it was there before, it is read back. */
static void test_queue_forgets_what_was_read_ahead_when_it_goes_down(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 10, 0);
    queue_box_bring(&box, &batch, '1', FLOW_FORMING);
    peek(4, 4);
    queue_down(box.queue);
    queue_box_fill(&box, &batch, 1000);
    assert_true(batch.id_count == 6 || batch.id_count == 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_queue_peek_leaves_what_a_lost_reply_brought_to_the_next_batch),
        TEST(test_queue_peek_reads_ahead),
        TEST(test_queue_gives_back_what_was_read_ahead_for_nothing),
        TEST(test_queue_peek_reads_back_what_was_read_ahead_too_early),
        TEST(test_queue_forgets_what_was_read_ahead_when_it_goes_down),
    };
    redis_server_start(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    redis_server_stop(&server);
    return failed;
}
