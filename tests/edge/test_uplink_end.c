/*
 * test_uplink_end.c - the one rule about ends, held against every code that libcurl knows.
 */

#include "edge/http/end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name;
    struct end_facts facts;
    enum transport_end end;
} rows[] = {
    {"an answer",
     {.code = CURLE_OK,
      .phase = END_TALKING,
      .all_handed = true,
      .whole_head = true,
      .status = 500},
     TRANSPORT_ANSWERED},
    {"an early refusal",
     {.code = CURLE_OK, .phase = END_TALKING, .whole_head = true, .status = 400},
     TRANSPORT_ANSWERED},
    {"an early acceptance",
     {.code = CURLE_OK, .phase = END_TALKING, .whole_head = true, .status = 201},
     TRANSPORT_NO_ANSWER},
    {"an early refusal, its body cut",
     {.code = CURLE_PARTIAL_FILE, .phase = END_TALKING, .whole_head = true, .status = 400},
     TRANSPORT_UPLOAD_CUT},
    {"no whole head",
     {.code = CURLE_OK, .phase = END_TALKING, .all_handed = true, .status = 201},
     TRANSPORT_NO_ANSWER},
    {"only 1xx",
     {.code = CURLE_OK,
      .phase = END_TALKING,
      .all_handed = true,
      .whole_head = true,
      .status = 103},
     TRANSPORT_NO_ANSWER},
    {"stopped",
     {.code = CURLE_ABORTED_BY_CALLBACK, .phase = END_TALKING, .stopped = true},
     TRANSPORT_UPLOAD_STOPPED},
    {"stopped before the connect",
     {.code = CURLE_COULDNT_CONNECT, .phase = END_CONNECTING, .stopped = true},
     TRANSPORT_UPLOAD_STOPPED},
    {"too large",
     {.code = CURLE_WRITE_ERROR, .phase = END_TALKING, .all_handed = true, .too_large = true},
     TRANSPORT_ANSWER_TOO_LARGE},
    {"too large while it went up",
     {.code = CURLE_WRITE_ERROR, .phase = END_TALKING, .too_large = true, .status = 413},
     TRANSPORT_UPLOAD_CUT},
    {"late in the resolver",
     {.code = CURLE_OPERATION_TIMEDOUT, .phase = END_RESOLVING},
     TRANSPORT_NAME_UNRESOLVED},
    {"late in the connect",
     {.code = CURLE_OPERATION_TIMEDOUT, .phase = END_CONNECTING},
     TRANSPORT_NOT_CONNECTED},
    {"late in TLS",
     {.code = CURLE_OPERATION_TIMEDOUT, .phase = END_SECURING},
     TRANSPORT_TLS_FAILED},
    {"late in the upload",
     {.code = CURLE_OPERATION_TIMEDOUT, .phase = END_TALKING},
     TRANSPORT_UPLOAD_CUT},
    {"no such host",
     {.code = CURLE_COULDNT_RESOLVE_HOST, .phase = END_RESOLVING},
     TRANSPORT_NAME_UNRESOLVED},
    {"no such proxy",
     {.code = CURLE_COULDNT_RESOLVE_PROXY, .phase = END_RESOLVING},
     TRANSPORT_NAME_UNRESOLVED},
    {"refused",
     {.code = CURLE_COULDNT_CONNECT, .phase = END_CONNECTING},
     TRANSPORT_NOT_CONNECTED},
    {"proxy handshake", {.code = CURLE_PROXY, .phase = END_TALKING}, TRANSPORT_NOT_CONNECTED},
    {"a bad CA file",
     {.code = CURLE_SSL_CACERT_BADFILE, .phase = END_CONNECTING},
     TRANSPORT_TLS_FAILED},
    {"not verified",
     {.code = CURLE_PEER_FAILED_VERIFICATION, .phase = END_SECURING},
     TRANSPORT_TLS_FAILED},
    {"send failed", {.code = CURLE_SEND_ERROR, .phase = END_TALKING}, TRANSPORT_UPLOAD_CUT},
};

static void test_end_tells_each_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (end_of(&rows[i].facts) != rows[i].end)
            fail_msg("%s: %d", rows[i].name, (int)end_of(&rows[i].facts));
}

static bool end_says_not_sent(enum transport_end end)
{
    return end == TRANSPORT_NAME_UNRESOLVED || end == TRANSPORT_NOT_CONNECTED ||
           end == TRANSPORT_TLS_FAILED || end == TRANSPORT_UPLOAD_CUT ||
           end == TRANSPORT_UPLOAD_STOPPED;
}

/* Whatever the code and the phase: handed over is never "not sent", and a failure is never an
 * answer. */
static void test_end_never_calls_handed_over_not_sent(void **state)
{
    (void)state;
    static const unsigned statuses[] = {0, 100, 200, 201, 302, 400, 503};
    for (int code = CURLE_OK; code < CURL_LAST; code++) {
        for (size_t i = 0; i < COUNT(statuses) * 4 * 2; i++) {
            struct end_facts facts = {
                .code = (CURLcode)code,
                .phase = (enum end_phase)(i % 4),
                .all_handed = true,
                .whole_head = i / 4 % 2,
                .status = statuses[i / 8],
            };
            assert_false(end_says_not_sent(end_of(&facts)));
            assert_true(code == CURLE_OK || end_of(&facts) != TRANSPORT_ANSWERED);
        }
    }
}

/* And before that, a failure is known to be "not sent", but for an endpoint that says it has
 * taken it. */
static void test_end_knows_what_was_not_sent(void **state)
{
    (void)state;
    for (int code = CURLE_OK + 1; code < CURL_LAST; code++) {
        for (int phase = END_RESOLVING; phase <= END_TALKING; phase++) {
            struct end_facts facts = {.code = (CURLcode)code, .phase = (enum end_phase)phase};
            assert_true(end_says_not_sent(end_of(&facts)));
            facts.status = 200;
            assert_int_equal(end_of(&facts), TRANSPORT_NO_ANSWER);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_end_tells_each_row),
        cmocka_unit_test(test_end_never_calls_handed_over_not_sent),
        cmocka_unit_test(test_end_knows_what_was_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
