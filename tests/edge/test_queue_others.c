/*
 * test_queue_others.c - the name, the lease, others on the same queue, and trouble with Redis.
 */

#include "edge/support_queue.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "elrelay/edge/host/clock.h"

static struct redis_server server;
static struct queue_box box;
static struct queue_box other;
static struct batch batch;

#define DO(...) redis_server_do(&server, __VA_ARGS__)

static int set_up(void **state)
{
    (void)state;
    DO("FLUSHALL");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    batch_free(&batch);
    queue_box_free(&box);
    return 0;
}

struct left {
    size_t count;
};

static void on_left(void *ctx)
{
    struct left *left = ctx;
    left->count++;
}

/* Name and lease */

static void test_queue_waits_for_a_name_and_tells_a_renewed_one(void **state)
{
    (void)state;
    queue_box_start(&other, &server, "one", 'b');
    DO("PEXPIRE elrelay:{r}:hb:one 5000");
    queue_box_init(&box, &server, "one", 'a');
    queue_box_open(&box);
    assert_int_equal(box.taken, 1);
    assert_false(box.renewed);
    assert_true(box.wait_ms > 0 && box.wait_ms <= 5001);
    DO("PEXPIRE elrelay:{r}:hb:one 30000"); /* the last heartbeat of a dead one, come late */
    queue_start(box.queue);
    queue_box_wait_count(&box, &box.taken, 2);
    assert_false(box.renewed);
    DO("PEXPIRE elrelay:{r}:hb:one 40000");
    queue_start(box.queue);
    queue_box_wait_count(&box, &box.taken, 3);
    assert_true(box.renewed);
    queue_leave(other.queue, NULL, NULL);
    queue_box_free(&other);
    DO("DEL elrelay:{r}:hb:one");
    queue_start(box.queue);
    queue_box_wait_count(&box, &box.ready, 1);
}

static void test_queue_leave_frees_the_name(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 1, 0);
    queue_box_start(&box, &server, "one", 'a');
    queue_box_bring(&box, &batch, '1', FLOW_SENDING);
    assert_true(queue_lease_holds(box.queue, &batch));
    struct left left = {0};
    queue_leave(box.queue, on_left, &left);
    queue_box_wait_count(&box, &left.count, 1);
    assert_int_equal(DO("EXISTS elrelay:{r}:hb:one"), 0);
    assert_int_equal(DO("HEXISTS elrelay:{r}:instances one"), 1); /* others miss it */
    assert_false(queue_lease_holds(box.queue, &batch));
}

static bool lease_is_over(void *ctx)
{
    struct queue_box *of = ctx;
    return !queue_lease_holds(of->queue, &batch);
}

static bool lease_holds(void *ctx)
{
    struct queue_box *of = ctx;
    return queue_lease_holds(of->queue, &batch);
}

static void on_look_again(uv_timer_t *timer)
{
    (void)timer;
}

static void wait_for(struct queue_box *of, bool (*holds)(void *ctx), void *ctx)
{
    uv_timer_t again;
    uv_timer_init(&of->link.loop, &again);
    uv_timer_start(&again, on_look_again, 10, 10);
    assert_true(redis_wait(&of->link.loop, holds, ctx));
    uv_close((uv_handle_t *)&again, NULL);
    uv_run(&of->link.loop, UV_RUN_NOWAIT);
}

static void test_queue_lease_ends_without_a_beat_and_returns_with_one(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 1, 0);
    queue_box_init(&box, &server, "one", 'a');
    box.heartbeat = (struct heartbeat_conf){.every_ms = 100, .life_ms = 2000};
    queue_box_open(&box);
    assert_false(queue_lease_holds(box.queue, &batch));
    queue_box_bring(&box, &batch, '1', FLOW_SENDING);
    assert_true(queue_lease_holds(box.queue, &batch));
    DO("PERSIST elrelay:{r}:hb:one");
    wait_for(&box, lease_is_over, &box);
    queue_beat(box.queue);
    wait_for(&box, lease_holds, &box);
}

static void test_queue_lease_does_not_outlive_a_gap(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 1, 0);
    queue_box_start(&box, &server, "one", 'a');
    queue_box_bring(&box, &batch, '1', FLOW_SENDING);
    assert_true(queue_lease_holds(box.queue, &batch));
    DO("DEL elrelay:{r}:hb:one");
    queue_beat(box.queue);
    wait_for(&box, lease_is_over, &box);
    struct batch later;
    queue_box_enqueue(&server, 1, 0);
    queue_box_bring(&box, &later, '2', FLOW_SENDING);
    assert_true(queue_lease_holds(box.queue, &later));
    assert_false(queue_lease_holds(box.queue, &batch));
    batch_free(&later);
    batch.cause = FLOW_ON_DEFERRED;
    assert_int_equal(queue_box_ask(&box, ACT_MOVE, &batch), PORT_DONE);
    assert_false(queue_lease_holds(box.queue, &batch));
    assert_int_equal(queue_box_ask(&box, ACT_SEND, &batch), PORT_DONE);
    assert_true(queue_lease_holds(box.queue, &batch));
}

static bool life_is_over(void *ctx)
{
    const uint64_t *until_ms = ctx;
    return clock_steady_ms() >= *until_ms;
}

/* The name is still there, as after a beat that came too late and whose reply was lost. */
static void test_queue_lease_does_not_outlive_a_gap_that_no_reply_told_of(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 1, 0);
    queue_box_init(&box, &server, "one", 'a');
    box.heartbeat = (struct heartbeat_conf){.every_ms = 100, .life_ms = 1500};
    queue_box_open(&box);
    DO("PERSIST elrelay:{r}:hb:one");
    queue_box_bring(&box, &batch, '1', FLOW_SENDING);
    uint64_t until_ms = clock_steady_ms() + box.heartbeat.life_ms;
    wait_for(&box, life_is_over, &until_ms);
    queue_beat(box.queue);
    assert_int_equal(queue_box_ask(&box, ACT_SURVEY, NULL), PORT_DONE);
    assert_false(queue_lease_holds(box.queue, &batch));
    batch.cause = FLOW_ON_DEFERRED;
    assert_int_equal(queue_box_ask(&box, ACT_MOVE, &batch), PORT_DONE);
    assert_int_equal(queue_box_ask(&box, ACT_SEND, &batch), PORT_DONE);
    queue_beat(box.queue);
    assert_int_equal(queue_box_ask(&box, ACT_SURVEY, NULL), PORT_DONE);
    assert_true(queue_lease_holds(box.queue, &batch));
}

static void test_queue_beat_tells_that_the_name_was_taken_meanwhile(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 1, 0);
    queue_box_start(&box, &server, "one", 'a');
    queue_box_bring(&box, &batch, '1', FLOW_SENDING);
    DO("SET elrelay:{r}:hb:one foreign PX 5000");
    queue_beat(box.queue);
    queue_box_wait_count(&box, &box.taken, 1);
    assert_false(box.renewed);
    assert_false(queue_lease_holds(box.queue, &batch));
}

static void test_queue_beats_again_when_a_door_misses_the_heartbeat(void **state)
{
    (void)state;
    queue_box_start(&box, &server, "one", 'a');
    DO("DEL elrelay:{r}:hb:one");
    batch_init(&batch, &(struct format_conf){0}, 1);
    memcpy(batch.manifest.id.text, "00000000-0000-7000-8000-000000000001", UUID_TEXT_LEN + 1);
    assert_int_equal(queue_box_ask(&box, ACT_BEGIN, &batch), PORT_REFUSED);
    assert_int_equal(queue_box_ask(&box, ACT_BEGIN, &batch), PORT_DONE);
}

/* Others */

static bool other_is_gone(void *ctx)
{
    struct queue_box *of = ctx;
    return of->list_count == 1 && of->list[0].owner_gone;
}

/* Another one dies with a batch on the wire. */
static void open_beside_another(uint64_t life_ms)
{
    queue_box_enqueue(&server, 2, 0);
    queue_box_start(&other, &server, "two", 'b');
    queue_box_bring(&other, &batch, '1', FLOW_SENDING);
    queue_box_free(&other);
    queue_box_init(&box, &server, "one", 'a');
    box.heartbeat = (struct heartbeat_conf){.every_ms = 100, .life_ms = life_ms};
    queue_box_open(&box);
    queue_box_ask(&box, ACT_LIST, NULL);
    assert_int_equal(box.list_count, 1);
    assert_false(box.list[0].mine || box.list[0].owner_gone);
}

static void beat_and_list(void)
{
    queue_beat(box.queue);
    queue_box_ask(&box, ACT_LIST, NULL);
}

static void test_queue_takes_over_after_a_whole_life_missed(void **state)
{
    (void)state;
    uint64_t begin = uv_hrtime();
    open_beside_another(1500);
    DO("DEL elrelay:{r}:hb:two");
    do {
        beat_and_list();
    } while (!other_is_gone(&box));
    assert_true(uv_hrtime() - begin >= 1499 * 1000000ULL);
    batch.manifest = box.list[0];
    assert_int_equal(queue_box_ask(&box, ACT_ADOPT, &batch), PORT_DONE);
    assert_int_equal(batch.manifest.state, FLOW_UNKNOWN);
    assert_true(batch.manifest.mine);
}

/* It went while Redis answered all the time: nothing is left to wait for. */
static void test_queue_takes_over_at_once_while_redis_answers(void **state)
{
    (void)state;
    open_beside_another(1500);
    uint64_t until_ms = clock_steady_ms() + 2000;
    while (clock_steady_ms() < until_ms)
        beat_and_list();
    assert_false(other_is_gone(&box));
    DO("DEL elrelay:{r}:hb:two");
    beat_and_list();
    assert_true(other_is_gone(&box));
}

/* Redis was away for longer than a heartbeat may be late: it has lost heartbeats by itself. */
static void test_queue_waits_anew_after_redis_was_away(void **state)
{
    (void)state;
    open_beside_another(1500);
    uint64_t until_ms = clock_steady_ms() + 2000;
    while (clock_steady_ms() < until_ms)
        beat_and_list();
    redis_server_pause(&server);
    until_ms = clock_steady_ms() + 1200;
    wait_for(&box, life_is_over, &until_ms);
    redis_server_resume(&server);
    DO("DEL elrelay:{r}:hb:two");
    queue_box_ask(&box, ACT_LIST, NULL);
    assert_false(other_is_gone(&box));
    assert_true(box.list[0].owner_gone_in_ms > 0);
    beat_and_list();
    assert_false(other_is_gone(&box));
}

static void test_queue_beat_tells_of_heartbeats_that_end(void **state)
{
    (void)state;
    open_beside_another(1500);
    queue_beat(box.queue);
    queue_box_ask(&box, ACT_LIST, NULL);
    assert_int_equal(box.missing, 0);
    DO("PEXPIRE elrelay:{r}:hb:two 90");
    queue_beat(box.queue);
    queue_box_wait_count(&box, &box.missing, 1);
    assert_in_range(box.missing_in_ms, 1, 91);
    DO("DEL elrelay:{r}:hb:two");
    queue_beat(box.queue);
    queue_box_wait_count(&box, &box.missing, 2);
    assert_int_equal(box.missing_in_ms, 0);
    queue_beat(box.queue);
    queue_box_ask(&box, ACT_LIST, NULL);
    assert_int_equal(box.missing, 2);
    assert_int_equal(DO("HEXISTS elrelay:{r}:instances two"), 0);
}

static void test_queue_takes_over_at_once_from_its_former_self(void **state)
{
    (void)state;
    queue_box_enqueue(&server, 2, 0);
    queue_box_start(&other, &server, "one", 'b');
    queue_box_bring(&other, &batch, '1', FLOW_SEALED);
    queue_box_free(&other);
    DO("DEL elrelay:{r}:hb:one");
    queue_box_start(&box, &server, "one", 'a');
    queue_box_ask(&box, ACT_LIST, NULL);
    assert_true(other_is_gone(&box));
    assert_int_equal(queue_box_ask(&box, ACT_ADOPT, &batch), PORT_DONE);
    assert_int_equal(batch.manifest.state, FLOW_SEALED);
}

/* Trouble */

static void test_queue_starts_anew_after_a_flushall(void **state)
{
    (void)state;
    queue_box_start(&box, &server, "one", 'a');
    DO("FLUSHALL");
    box.answers = 0;
    queue_ask(box.queue, ACT_SURVEY, NULL);
    queue_box_wait_count(&box, &box.faults, 1);
    assert_int_equal(box.answers, 0);
    queue_start(box.queue);
    queue_box_wait_count(&box, &box.ready, 2);
    assert_int_equal(queue_box_ask(&box, ACT_SURVEY, NULL), PORT_DONE);
}

static void test_queue_answers_nothing_after_the_link_broke(void **state)
{
    (void)state;
    queue_box_start(&box, &server, "one", 'a');
    queue_box_put(&box, ACT_SURVEY, NULL);
    link_reset(box.link.link);
    queue_box_wait_count(&box, &box.ready, 2);
    assert_int_equal(box.answers, 0);
    assert_int_equal(queue_box_ask(&box, ACT_SURVEY, NULL), PORT_DONE);
}

static void test_queue_answers_nothing_that_was_asked_before_down(void **state)
{
    (void)state;
    queue_box_start(&box, &server, "one", 'a');
    queue_box_put(&box, ACT_SURVEY, NULL);
    queue_down(box.queue);
    queue_start(box.queue);
    queue_box_wait_count(&box, &box.ready, 2);
    assert_int_equal(box.answers, 0);
}

static void test_queue_can_be_freed_with_acts_on_their_way(void **state)
{
    (void)state;
    queue_box_start(&box, &server, "one", 'a');
    queue_box_put(&box, ACT_SURVEY, NULL);
    queue_box_put(&box, ACT_LIST, NULL);
    queue_beat(box.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_queue_waits_for_a_name_and_tells_a_renewed_one),
        TEST(test_queue_leave_frees_the_name),
        TEST(test_queue_lease_ends_without_a_beat_and_returns_with_one),
        TEST(test_queue_lease_does_not_outlive_a_gap),
        TEST(test_queue_lease_does_not_outlive_a_gap_that_no_reply_told_of),
        TEST(test_queue_beat_tells_that_the_name_was_taken_meanwhile),
        TEST(test_queue_beats_again_when_a_door_misses_the_heartbeat),
        TEST(test_queue_takes_over_after_a_whole_life_missed),
        TEST(test_queue_takes_over_at_once_while_redis_answers),
        TEST(test_queue_waits_anew_after_redis_was_away),
        TEST(test_queue_beat_tells_of_heartbeats_that_end),
        TEST(test_queue_takes_over_at_once_from_its_former_self),
        TEST(test_queue_starts_anew_after_a_flushall),
        TEST(test_queue_answers_nothing_after_the_link_broke),
        TEST(test_queue_answers_nothing_that_was_asked_before_down),
        TEST(test_queue_can_be_freed_with_acts_on_their_way),
    };
    redis_server_start(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    redis_server_stop(&server);
    return failed;
}
