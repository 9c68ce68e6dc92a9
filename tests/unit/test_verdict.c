/*
 * test_verdict.c - what an answer means: rows of transport end, code and body against the
 * wanted class.
 */

#include "unit/support_cmocka.h"

#include "elrelay/core/decide/verdict.h"

#define ID "11111111-2222-3333-4444-555555555555"

struct row {
    const char *name;
    const char *profile;
    enum transport_end end;
    unsigned status;
    const char *body;
    enum verdict_class want;
};

static const struct row rows[] = {
    {"plain 200", "plain", TRANSPORT_ANSWERED, 200, "", VERDICT_ACCEPTED},
    {"plain 204", "plain", TRANSPORT_ANSWERED, 204, "", VERDICT_ACCEPTED},
    {"plain 500", "plain", TRANSPORT_ANSWERED, 500, "", VERDICT_UNKNOWN},
    {"name unresolved", "plain", TRANSPORT_NAME_UNRESOLVED, 0, "", VERDICT_NOT_SENT},
    {"not connected", "plain", TRANSPORT_NOT_CONNECTED, 0, "", VERDICT_NOT_SENT},
    {"tls failed", "plain", TRANSPORT_TLS_FAILED, 0, "", VERDICT_NOT_SENT},
    {"upload cut", "plain", TRANSPORT_UPLOAD_CUT, 0, "", VERDICT_NOT_SENT},
    {"upload stopped", "plain", TRANSPORT_UPLOAD_STOPPED, 0, "", VERDICT_NOT_SENT},
    {"not begun", "plain", TRANSPORT_NOT_BEGUN, 0, "", VERDICT_MISDIRECTED},
    {"no answer", "plain", TRANSPORT_NO_ANSWER, 0, "", VERDICT_UNKNOWN},
    {"truncated 200", "plain", TRANSPORT_NO_ANSWER, 200, "", VERDICT_UNKNOWN},
    {"200 with an endless answer", "plain", TRANSPORT_ANSWER_TOO_LARGE, 200, "",
     VERDICT_UNKNOWN},
    {"receipt", "reportstream", TRANSPORT_ANSWERED, 201, "{\"id\":\"" ID "\",\"errorCount\":0}",
     VERDICT_ACCEPTED},
    {"201 without a body", "reportstream", TRANSPORT_ANSWERED, 201, "", VERDICT_UNKNOWN},
    {"201 cut", "reportstream", TRANSPORT_ANSWERED, 201, "{\"id\":\"" ID "\",\"errorCo",
     VERDICT_UNKNOWN},
    {"201 in HTML", "reportstream", TRANSPORT_ANSWERED, 201, "<html></html>", VERDICT_UNKNOWN},
    {"201 with id null", "reportstream", TRANSPORT_ANSWERED, 201,
     "{\"id\":null,\"errorCount\":0}", VERDICT_UNKNOWN},
    {"201 without id", "reportstream", TRANSPORT_ANSWERED, 201, "{\"errorCount\":0}",
     VERDICT_UNKNOWN},
    {"201 with errors", "reportstream", TRANSPORT_ANSWERED, 201,
     "{\"id\":\"" ID "\",\"errorCount\":1}", VERDICT_UNKNOWN},
    {"201 without errorCount", "reportstream", TRANSPORT_ANSWERED, 201, "{\"id\":\"" ID "\"}",
     VERDICT_UNKNOWN},
    {"200 with a receipt", "reportstream", TRANSPORT_ANSWERED, 200,
     "{\"id\":\"" ID "\",\"errorCount\":0}", VERDICT_MISDIRECTED},
    {"504 with a receipt", "reportstream", TRANSPORT_ANSWERED, 504,
     "{\"id\":\"" ID "\",\"errorCount\":0}", VERDICT_UNKNOWN},
};

static struct verdict verdict_of_row(const struct row *row)
{
    struct answer answer = {
        .end = row->end, .status = row->status, .body = slice_of(row->body)};
    return verdict_of(profile_by_name(slice_of(row->profile)), &answer);
}

static void test_verdict_means_what_the_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct verdict verdict = verdict_of_row(&rows[i]);
        if (verdict.verdict != rows[i].want)
            fail_msg("%s: %s", rows[i].name, verdict_word(verdict.verdict));
        assert_int_equal(verdict.receipt.status,
                         rows[i].want == VERDICT_ACCEPTED ? rows[i].status : 0);
    }
}

static void test_verdict_keeps_the_receipt(void **state)
{
    (void)state;
    struct answer answer = {
        .status = 201,
        .body = SLICE("{\"id\":\"" ID
                      "\",\"submissionId\":267,\"reportItemCount\":2,\"errorCount\":0,"
                      "\"warningCount\":3,\"new\":{}}"),
    };
    struct verdict verdict = verdict_of(profile_by_name(SLICE("reportstream")), &answer);
    assert_string_equal(verdict.receipt.report_id.text, ID);
    assert_int_equal(verdict.receipt.submission_id, 267);
    assert_int_equal(verdict.receipt.warnings, 3);
    assert_true(verdict.receipt.has_count);
    assert_int_equal(verdict.receipt.item_count, 2);
}

static void test_verdict_of_503_looks_at_retry_after(void **state)
{
    (void)state;
    struct answer answer = {.status = 503, .has_retry_after = true, .retry_after_ms = 2000};
    struct verdict plain = verdict_of(profile_by_name(SLICE("plain")), &answer);
    assert_int_equal(plain.verdict, VERDICT_BUSY);
    assert_true(plain.has_retry_after);
    assert_int_equal(plain.retry_after_ms, 2000);
    struct verdict reportstream = verdict_of(profile_by_name(SLICE("reportstream")), &answer);
    assert_int_equal(reportstream.verdict, VERDICT_UNKNOWN);
}

static void test_verdict_of_every_transport_end_has_a_word(void **state)
{
    (void)state;
    for (int end = 0; end < TRANSPORT_END_COUNT; end++)
        assert_true(strlen(transport_end_word((enum transport_end)end)) > 0);
    for (int verdict = 0; verdict < VERDICT_CLASS_COUNT; verdict++)
        assert_true(strlen(verdict_word((enum verdict_class)verdict)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_means_what_the_row_says),
        cmocka_unit_test(test_verdict_keeps_the_receipt),
        cmocka_unit_test(test_verdict_of_503_looks_at_retry_after),
        cmocka_unit_test(test_verdict_of_every_transport_end_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
