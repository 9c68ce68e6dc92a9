/*
 * test_queue_start.c - what is looked at before any act, the name, the lease, and others on the
 * same queue.
 */

#include "edge/support_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "elrelay/edge/queue/rights.h"
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
    DO("CONFIG SET maxmemory 0");
    DO("CONFIG SET maxmemory-policy noeviction");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    batch_free(&batch);
    queue_box_free(&box);
    return 0;
}

/* What is wrong */

static void assert_start_fails(enum fault_code code, const char *wanted)
{
    queue_box_init(&box, &server, "one", 'a');
    queue_box_open(&box);
    assert_int_equal(box.faults, 1);
    assert_int_equal(box.fault.code, code);
    if (!strstr(box.fault.text, wanted))
        fail_msg("\"%s\" does not say \"%s\"", box.fault.text, wanted);
    assert_false(queue_lease_holds(box.queue, &batch));
}

static void test_queue_start_names_a_key_of_the_wrong_type(void **state)
{
    (void)state;
    DO("RPUSH " STREAM " x");
    assert_start_fails(FAULT_CONF, "key " STREAM " is a list, wanted a stream");
}

static void test_queue_start_refuses_an_evicting_redis(void **state)
{
    (void)state;
    DO("CONFIG SET maxmemory-policy allkeys-lru");
    assert_start_fails(FAULT_CONF, "maxmemory-policy is allkeys-lru");
}

static void test_queue_start_refuses_a_second_group(void **state)
{
    (void)state;
    DO("XGROUP CREATE " STREAM " others 0 MKSTREAM");
    assert_start_fails(FAULT_CONF, "another consumer group, others");
}

static void test_queue_start_refuses_a_replica(void **state)
{
    (void)state;
    DO("REPLICAOF 127.0.0.1 1");
    assert_start_fails(FAULT_REDIS, "replica");
    DO("REPLICAOF NO ONE");
    queue_start(box.queue);
    queue_box_wait_count(&box, &box.ready, 1);
}

static void test_queue_start_refuses_when_a_used_group_has_vanished(void **state)
{
    (void)state;
    DO("ZADD elrelay:{r}:open 5 x");
    assert_start_fails(FAULT_REDIS, "has vanished");
}

struct left {
    size_t count;
};

static void on_left(void *ctx)
{
    struct left *left = ctx;
    left->count++;
}

/* Rights */

/* "XGROUP CREATE @ ..." is +XGROUP|CREATE. */
static void write_command(const char *command, char to[64])
{
    int first = (int)strcspn(command, " ");
    bool container = strncmp(command, "XGROUP", 6) == 0 || strncmp(command, "XINFO", 5) == 0 ||
                     strncmp(command, "CONFIG", 6) == 0;
    const char *second = command + first + 1;
    if (container)
        snprintf(to, 64, "%.*s|%.*s", first, command, (int)strcspn(second, " "), second);
    else
        snprintf(to, 64, "%.*s", first, command);
}

/* A script's call has both keys, so that one selector must cover both. */
static void write_selector(const struct keys *keys, size_t at, size_t without, char to[256])
{
    const struct right *right = &right_table[at];
    bool script = strncmp(right->command, "EVAL", 4) == 0;
    bool both = script && (without >= right_count || right_table[without].key != KEY_INBOX ||
                           strcmp(right_table[without].command, right->command) != 0);
    bool family = strchr(key_table[right->key].word, ':') != NULL;
    char command[64];
    write_command(right->command, command);
    snprintf(to, 256, "(+%s ~%s%s%s)", command, keys_name(keys, right->key), family ? "*" : "",
             both && right->key == KEY_STREAM ? " ~inbox" : "");
}

/* A user with every right of the table but one, and what it takes to log in. */
static void make_user(const struct keys *keys, size_t without)
{
    const char *args[256] = {"ACL", "SETUSER", "narrow", "reset", "on", "nopass", "+ping"};
    char *selectors[128];
    size_t made = 0;
    size_t count = 7;
    for (size_t i = 0; i < right_count; i++) {
        char selector[256];
        if (right_need(&right_table[i], DURABILITY_NONE) == RIGHT_IDLE)
            continue; /* not every Redis knows these */
        write_selector(keys, i, without, selector);
        selectors[made] = mem_copy_text(selector, strlen(selector));
        if (i != without)
            args[count++] = selectors[made];
        made++;
    }
    redisContext *client = redis_server_client(&server);
    redisReply *reply = redisCommandArgv(client, (int)count, args, NULL);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s", reply->str);
    freeReplyObject(reply);
    redisFree(client);
    for (size_t i = 0; i < made; i++)
        mem_free(selectors[i]);
}

static void open_narrow(const struct keys *keys)
{
    static char url[256];
    make_user(keys, right_count);
    snprintf(url, sizeof(url), "unix://narrow:any@%s", server.socket_path);
    queue_box_init(&box, &server, "one", 'a');
    mem_free(box.link.conf.url);
    box.link.conf.url = mem_copy_text(url, strlen(url));
    queue_box_open(&box);
}

/* What a batch that is accepted never meets: bury, terminate, doubt, take, abandon, adopt,
 * leave. */
static void go_other_ways(void)
{
    queue_box_enqueue(&server, 3, 0);
    batch_free(&batch);
    queue_box_bring(&box, &batch, '2', FLOW_FORMING);
    queue_box_fill(&box, &batch, 1);
    batch_add_letter(&batch, &(struct event){.id = batch.ids[0]},
                     (struct blame){.reason = REASON_BOM});
    assert_int_equal(queue_box_ask(&box, ACT_BURY, &batch), PORT_DONE);
    assert_int_equal(queue_box_ask(&box, ACT_PEEK, &batch), PORT_DONE);
    assert_int_equal(queue_box_ask(&box, ACT_ABANDON, &batch), PORT_DONE);
    batch_free(&batch);
    queue_box_bring(&box, &batch, '3', FLOW_SENDING);
    batch.cause = FLOW_ON_UNKNOWN;
    assert_int_equal(queue_box_ask(&box, ACT_MOVE, &batch), PORT_DONE);
    batch.cause = FLOW_ON_HOLD;
    assert_int_equal(queue_box_ask(&box, ACT_MOVE, &batch), PORT_DONE);
    batch.cause = FLOW_ON_OPERATOR_TERMINATE;
    assert_int_equal(queue_box_ask(&box, ACT_MOVE, &batch), PORT_DONE);
    batch_free(&batch);
    queue_box_bring(&box, &batch, '4', FLOW_SENDING);
    DO("HSET elrelay:{r}:batch:%s owner x name y", batch.manifest.id.text);
    assert_int_equal(queue_box_ask(&box, ACT_ADOPT, &batch), PORT_DONE);
    struct left left = {0};
    queue_leave(box.queue, on_left, &left);
    queue_box_wait_count(&box, &left.count, 1);
    assert_int_equal(DO("EXISTS elrelay:{r}:hb:one"), 0);
}

static void test_queue_needs_exactly_the_rights_of_the_table(void **state)
{
    (void)state;
    struct keys keys;
    char inbox[] = "inbox";
    keys_init_parts(&keys, "r", &(struct queue_conf){.inbox = inbox});
    open_narrow(&keys);
    if (box.faults)
        fail_msg("%s", box.fault.text);
    DO("RPUSH inbox a b c");
    assert_int_equal(queue_box_ask(&box, ACT_INTAKE, NULL), PORT_DONE);
    assert_int_equal(queue_box_ask(&box, ACT_LIST, NULL), PORT_DONE);
    queue_box_bring(&box, &batch, '1', FLOW_ACCEPTED);
    assert_int_equal(queue_box_ask(&box, ACT_DRAIN, &batch), PORT_DONE);
    assert_int_equal(DO("XLEN " STREAM), 0);
    go_other_ways();
    keys_free(&keys);
    DO("ACL DELUSER narrow");
}

static void test_queue_start_names_each_right_that_is_missing(void **state)
{
    (void)state;
    struct keys keys;
    char inbox[] = "inbox";
    keys_init_parts(&keys, "r", &(struct queue_conf){.inbox = inbox});
    open_narrow(&keys);
    struct buf text;
    buf_init(&text, 512);
    for (size_t i = 0; i < right_count; i++) {
        if (right_need(&right_table[i], DURABILITY_NONE) != RIGHT_NEEDED)
            continue;
        make_user(&keys, i);
        queue_down(box.queue);
        queue_start(box.queue);
        queue_box_wait_count(&box, &box.faults, box.faults + 1);
        buf_clear(&text);
        right_describe(&right_table[i], &keys, &text);
        if (!strstr(box.fault.text, buf_text(&text)) && !strstr(box.fault.text, "NOPERM"))
            fail_msg("without %s: %s", buf_text(&text), box.fault.text);
    }
    buf_free(&text);
    keys_free(&keys);
    DO("ACL DELUSER narrow");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_queue_start_names_a_key_of_the_wrong_type),
        TEST(test_queue_start_refuses_an_evicting_redis),
        TEST(test_queue_start_refuses_a_second_group),
        TEST(test_queue_start_refuses_a_replica),
        TEST(test_queue_start_refuses_when_a_used_group_has_vanished),
        TEST(test_queue_needs_exactly_the_rights_of_the_table),
        TEST(test_queue_start_names_each_right_that_is_missing),
    };
    redis_server_start(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    redis_server_stop(&server);
    return failed;
}
