/*
 * test_uplink.c - each way in which a POST can end, against a peer that misbehaves on purpose.
 */

#include "elrelay/edge/http/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "edge/support_post.h"
#include "edge/support_wire.h"
#include "elrelay/ground/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MB           ((size_t)1000 * 1000)

struct end_row {
    const char *name;
    size_t body_len;
    uint64_t timeout_ms; /* 0: long */
    enum transport_end end;
    unsigned status;
    const char *body; /* of the answer; NULL: not looked at */
    struct wire_step script[8];
};

/* It would give each field of a row a line of its own. */
/* clang-format off */
static const struct end_row end_rows[] = {
    {"taken", 1000, 0, TRANSPORT_ANSWERED, 201, "{}", {READ_ALL, SAY(CREATED)}},
    {"taken, told byte by byte", 1000, 0, TRANSPORT_ANSWERED, 201, "{}",
     {READ_ALL, DRIP(CREATED)}},
    {"no body at all", 1, 0, TRANSPORT_ANSWERED, 204, "",
     {READ_ALL, SAY("HTTP/1.1 204 No Content\r\n\r\n")}},
    {"behind 100 and 103", 1000, 0, TRANSPORT_ANSWERED, 201, "{}",
     {READ_ALL,
      SAY("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
      SAY(CREATED)}},
    {"chunked", 1000, 0, TRANSPORT_ANSWERED, 201, "{}",
     {READ_ALL,
      SAY("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")}},
    {"ended by the close", 1000, 0, TRANSPORT_ANSWERED, 200, "{}",
     {READ_ALL, SAY("HTTP/1.0 200 OK\r\n\r\n{}")}},
    {"expectation failed", 2 * MB, 0, TRANSPORT_ANSWERED, 417, "",
     {READ_ALL, SAY("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), HOLD}},
    {"a redirect is not followed", 1000, 0, TRANSPORT_ANSWERED, 307, "",
     {READ_ALL,
      SAY("HTTP/1.1 307 Over there\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
      HOLD}},
    {"refused while the body goes up", 8 * MB, 0, TRANSPORT_ANSWERED, 413, "big",
     {HEAD, SAY("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"), HOLD}},
    {"taken before it can have it", 8 * MB, 500, TRANSPORT_NO_ANSWER, 201, NULL,
     {HEAD, SAY(CREATED), HOLD}},
    {"taken before it can have it, then reset", 8 * MB, 0, TRANSPORT_NO_ANSWER, 201, NULL,
     {HEAD, SAY(CREATED), READ_SOME(4 * MB), RESET}},
    {"all read, then reset", 1000, 0, TRANSPORT_NO_ANSWER, 0, NULL, {READ_ALL, RESET}},
    {"all of a large body read, then reset", 8 * MB, 0, TRANSPORT_NO_ANSWER, 0, NULL,
     {READ_ALL, RESET}},
    {"all read, then closed", 1000, 0, TRANSPORT_NO_ANSWER, 0, NULL, {READ_ALL}},
    {"all read, then silence", 1000, 300, TRANSPORT_NO_ANSWER, 0, NULL, {READ_ALL, HOLD}},
    {"all read, 100, then silence", 1000, 300, TRANSPORT_NO_ANSWER, 100, NULL,
     {READ_ALL, SAY("HTTP/1.1 100 Continue\r\n\r\n"), HOLD}},
    {"all read, 100, then closed", 1000, 0, TRANSPORT_NO_ANSWER, 100, NULL,
     {READ_ALL, SAY("HTTP/1.1 100 Continue\r\n\r\n")}},
    {"switching protocols", 1000, 0, TRANSPORT_NO_ANSWER, 101, NULL,
     {READ_ALL, SAY("HTTP/1.1 101 Switch\r\n\r\n")}},
    {"half a status line", 1000, 0, TRANSPORT_NO_ANSWER, 0, NULL,
     {READ_ALL, SAY("HTTP/1.1 20")}},
    {"half a head", 1000, 0, TRANSPORT_NO_ANSWER, 201, NULL,
     {READ_ALL, SAY("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n")}},
    {"behind 100, half a head", 1000, 0, TRANSPORT_NO_ANSWER, 201, NULL,
     {READ_ALL,
      SAY("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n")}},
    {"a head that never ends", 1000, 300, TRANSPORT_NO_ANSWER, 201, NULL,
     {READ_ALL, SAY("HTTP/1.1 201 Created\r\n"), HOLD}},
    {"a body cut short", 1000, 0, TRANSPORT_NO_ANSWER, 201, NULL,
     {READ_ALL, SAY("HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{")}},
    {"a body that stops", 1000, 300, TRANSPORT_NO_ANSWER, 201, NULL,
     {READ_ALL, SAY("HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{"), HOLD}},
    {"a chunk cut short", 1000, 0, TRANSPORT_NO_ANSWER, 201, NULL,
     {READ_ALL, SAY("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{}")}},
    {"chunks without an end", 1000, 0, TRANSPORT_NO_ANSWER, 201, NULL,
     {READ_ALL, SAY("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")}},
    {"chunks that are none", 1000, 0, TRANSPORT_NO_ANSWER, 201, NULL,
     {READ_ALL,
      SAY("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n")}},
    {"no HTTP", 1000, 0, TRANSPORT_NO_ANSWER, 0, NULL, {READ_ALL, SAY("SSH-2.0-x\r\n")}},
    {"a body of 2 MiB", 1000, 0, TRANSPORT_ANSWER_TOO_LARGE, 201, NULL,
     {READ_ALL, SAY("HTTP/1.1 201 Created\r\n\r\n"), FLOOD("x", (size_t)2 * 1024 * 1024)}},
    {"a head of 200 kB", 1000, 0, TRANSPORT_ANSWER_TOO_LARGE, 201, NULL,
     {READ_ALL,
      SAY("HTTP/1.1 201 Created\r\n"), FLOOD("X-Filler: 0123456789\r\n", 200000), SAY("\r\n")}},
    {"reset before the body was read", 8 * MB, 0, TRANSPORT_UPLOAD_CUT, 0, NULL, {HEAD, RESET}},
    {"reset in the middle of the body", 8 * MB, 0, TRANSPORT_UPLOAD_CUT, 0, NULL,
     {HEAD, READ_SOME(1000000), RESET}},
    {"a body that nobody reads", 16 * MB, 500, TRANSPORT_UPLOAD_CUT, 0, NULL, {HEAD, HOLD}},
};
/* clang-format on */

static void check_end(const struct end_row *row)
{
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(row->script);
    char *body = post_make_body(row->body_len);
    post_open(&post, wire_port(wire));
    if (row->timeout_ms)
        post.endpoint.timeout_ms = row->timeout_ms;
    const struct answer *answer = post_send(&post, (struct slice){body, row->body_len});
    if (answer->end != row->end || answer->status != row->status)
        fail_msg("%s: ended as %d with %u", row->name, (int)answer->end, answer->status);
    if (row->body && !slice_is_text(answer->body, row->body))
        fail_msg("%s: another body", row->name);
    assert_int_equal(post.answers, 1);
    assert_true(post.longest_gap_ms < 1000);
    post_close(&post);
    wire_stop(wire, &seen);
    if (seen.connections != 1 || (row->script[1].op == WIRE_READ_BODY && seen.surplus))
        fail_msg("%s: %zu requests, %zu bytes too many", row->name, seen.connections,
                 seen.surplus);
    mem_free(body);
}

static void test_uplink_tells_each_end_with_one_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(end_rows); i++)
        check_end(&end_rows[i]);
}

static void test_uplink_tells_a_refused_port(void **state)
{
    (void)state;
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start((const struct wire_step[]){END});
    unsigned port = wire_port(wire);
    wire_stop(wire, &seen);
    post_open(&post, port);
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_NOT_CONNECTED);
    assert_int_equal(post.answer.status, 0);
    post_close(&post);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplink_tells_each_end_with_one_request),
        cmocka_unit_test(test_uplink_tells_a_refused_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
