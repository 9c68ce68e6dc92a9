/*
 * test_verdict.c - what an answer means: rows of transport end, code and body against the
 * wanted class.
 */

#include "unit/support_cmocka.h"

#include <stdio.h>

#include "elrelay/core/decide/verdict.h"
#include "unit/rows.h"

#define ID "11111111-2222-3333-4444-555555555555"

enum { BATCH = 6 };

static const char *const ids[BATCH] = {"R1", "R2", "R3", "", "R5", "R2"};

static struct slice tracking_id(const void *ctx, size_t row)
{
    const char *const *of = ctx;
    assert_in_range(row, 0, BATCH - 1);
    return slice_of(of[row]);
}

static const struct verdict_rows batch_rows = {BATCH, tracking_id, ids};

static struct verdict read_answer(const char *profile, const struct answer *answer)
{
    struct verdict verdict = {0};
    verdict_read(&verdict, profile_by_name(slice_of(profile)), answer, &batch_rows);
    return verdict;
}

struct row {
    const char *name;
    const char *profile;
    enum transport_end end;
    unsigned status;
    const char *body;
    enum verdict_class want;
};

#define HISTORY(id) "{\"id\":" id ",\"errorCount\":0}"

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
    {"truncated 400", "plain", TRANSPORT_NO_ANSWER, 400, "", VERDICT_UNKNOWN},
    {"200 with an endless answer", "plain", TRANSPORT_ANSWER_TOO_LARGE, 200, "",
     VERDICT_UNKNOWN},
    {"500 with an endless answer", "plain", TRANSPORT_ANSWER_TOO_LARGE, 500, "",
     VERDICT_UNKNOWN},
    {"400 with an endless answer", "plain", TRANSPORT_ANSWER_TOO_LARGE, 400, "", VERDICT_ROWS},
    {"201 with endless warnings", "reportstream", TRANSPORT_ANSWER_TOO_LARGE, 201,
     "{\"id\":\"" ID "\",\"a\":[{},\"}\\\",\"],\"errorCount\":0,\"warnings\":[{\"b\":1,",
     VERDICT_ACCEPTED},
    {"201 with endless warnings in front", "reportstream", TRANSPORT_ANSWER_TOO_LARGE, 201,
     "{\"id\":\"" ID "\",\"warnings\":[{\"errorCount\":0,", VERDICT_UNKNOWN},
    {"201 with an endless errorCount", "reportstream", TRANSPORT_ANSWER_TOO_LARGE, 201,
     "{\"id\":\"" ID "\",\"errorCount\":0", VERDICT_UNKNOWN},
    {"201 with errors and no end", "reportstream", TRANSPORT_ANSWER_TOO_LARGE, 201,
     "{\"id\":\"" ID "\",\"errorCount\":2,\"errors\":[", VERDICT_UNKNOWN},
    {"201 in endless HTML", "reportstream", TRANSPORT_ANSWER_TOO_LARGE, 201,
     "<html>{\"id\":\"" ID "\",\"errorCount\":0,", VERDICT_UNKNOWN},
    {"200 with endless warnings", "reportstream", TRANSPORT_ANSWER_TOO_LARGE, 200,
     "{\"id\":\"" ID "\",\"errorCount\":0,\"warnings\":[", VERDICT_UNKNOWN},
    {"504 with endless warnings", "reportstream", TRANSPORT_ANSWER_TOO_LARGE, 504,
     "{\"id\":\"" ID "\",\"errorCount\":0,\"warnings\":[", VERDICT_UNKNOWN},
    {"400 with endless errors", "reportstream", TRANSPORT_ANSWER_TOO_LARGE, 400, "",
     VERDICT_ROWS},
    {"receipt", "reportstream", TRANSPORT_ANSWERED, 201, HISTORY("\"" ID "\""),
     VERDICT_ACCEPTED},
    {"201 without a body", "reportstream", TRANSPORT_ANSWERED, 201, "", VERDICT_UNKNOWN},
    {"201 cut", "reportstream", TRANSPORT_ANSWERED, 201, "{\"id\":\"" ID "\",\"errorCo",
     VERDICT_UNKNOWN},
    {"201 in HTML", "reportstream", TRANSPORT_ANSWERED, 201, "<html></html>", VERDICT_UNKNOWN},
    {"201 with id null", "reportstream", TRANSPORT_ANSWERED, 201, HISTORY("null"),
     VERDICT_UNKNOWN},
    {"201 without id", "reportstream", TRANSPORT_ANSWERED, 201, "{\"errorCount\":0}",
     VERDICT_UNKNOWN},
    {"201 with errors", "reportstream", TRANSPORT_ANSWERED, 201,
     "{\"id\":\"" ID "\",\"errorCount\":1}", VERDICT_UNKNOWN},
    {"201 without errorCount", "reportstream", TRANSPORT_ANSWERED, 201, "{\"id\":\"" ID "\"}",
     VERDICT_UNKNOWN},
    {"200 that stored nothing", "reportstream", TRANSPORT_ANSWERED, 200, HISTORY("null"),
     VERDICT_MISDIRECTED},
    {"200 with a receipt", "reportstream", TRANSPORT_ANSWERED, 200, HISTORY("\"" ID "\""),
     VERDICT_UNKNOWN},
    {"200 without a body", "reportstream", TRANSPORT_ANSWERED, 200, "", VERDICT_UNKNOWN},
    {"200 in HTML", "reportstream", TRANSPORT_ANSWERED, 200, "<html></html>", VERDICT_UNKNOWN},
    {"200 that is no history", "reportstream", TRANSPORT_ANSWERED, 200, "{\"status\":\"ok\"}",
     VERDICT_UNKNOWN},
    {"504 with a receipt", "reportstream", TRANSPORT_ANSWERED, 504, HISTORY("\"" ID "\""),
     VERDICT_UNKNOWN},
};

static void test_verdict_means_what_the_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct answer answer = {.end = rows[i].end,
                                .status = rows[i].status,
                                .body = slice_of(rows[i].body),
                                .all_sent = true};
        struct verdict verdict = read_answer(rows[i].profile, &answer);
        if (verdict.verdict != rows[i].want)
            fail_msg("%s: %s", rows[i].name, verdict_word(verdict.verdict));
        assert_int_equal(verdict.receipt.status,
                         rows[i].want == VERDICT_ACCEPTED ? rows[i].status : 0);
        verdict_free(&verdict);
    }
}

#define COUNTED(count, list)                                                                   \
    "{\"id\":null,\"errorCount\":" #count ",\"errors\":[" list "],\"warnings\":[{}]}"
#define ERRORS(list)         "{\"id\":null,\"errors\":[" list "]}"
#define SAID(scope, message) "{\"scope\":\"" scope "\",\"message\":\"" message "\"}"
#define NAMED(indices, ids)  ITEM("Blank value", "\"indices\":" indices ",\"trackingIds\":" ids)
#define COPIES(indices, ids)                                                                   \
    ITEM("Item is a duplicate.", "\"indices\":" indices ",\"trackingIds\":" ids)
#define ITEM(message, members) "{\"scope\":\"item\",\"message\":\"" message "\"," members "}"
#define ALL_THERE              SAID("report", "All items in this submission are duplicates.")
#define STRANGE                SAID("report", "An unexpected error occurred.")

struct refusal_row {
    const char *name;
    const char *profile;
    const char *body;
    enum verdict_class want;
    const char *fates;
};

static const struct refusal_row refusal_rows[] = {
    {"a number", "reportstream", ERRORS(NAMED("[2]", "[\"R2\"]")), VERDICT_ITEMS, "adaaaa"},
    {"numbers without tracking ids", "reportstream", ERRORS(ITEM("x", "\"indices\":[1,6]")),
     VERDICT_ITEMS, "daaaad"},
    {"several errors", "reportstream",
     ERRORS(NAMED("[1,3]", "[\"R1\",\"R3\"]") "," NAMED("[3]", "[\"R3\"]")), VERDICT_ITEMS,
     "dadaaa"},
    {"a row without tracking id", "reportstream", ERRORS(NAMED("[4]", "[\"row4\"]")),
     VERDICT_ITEMS, "aaadaa"},
    {"a tracking id of another column", "reportstream", ERRORS(NAMED("[3]", "[\"X\"]")),
     VERDICT_ITEMS, "aadaaa"},
    {"tracking ids alone: all rows of each", "reportstream",
     ERRORS(ITEM("x", "\"trackingIds\":[\"R2\",\"R5\"]")), VERDICT_ITEMS, "adaadd"},
    {"null numbers", "reportstream", ERRORS(NAMED("[null,1]", "[\"R3\",null]")), VERDICT_ITEMS,
     "dadaaa"},
    {"every row", "reportstream", ERRORS(NAMED("[1,2,3,4,5,6]", "[]")), VERDICT_ITEMS,
     "dddddd"},
    {"copies", "reportstream", ERRORS(COPIES("[2,5]", "[null,null]")), VERDICT_ITEMS, "asaasa"},
    {"copies and refused rows", "reportstream",
     ERRORS(COPIES("[2]", "[null]") "," NAMED("[3]", "[\"R3\"]")), VERDICT_ITEMS, "asdaaa"},
    {"a copy that is refused", "reportstream",
     ERRORS(COPIES("[2]", "[null]") "," NAMED("[2]", "[\"R2\"]")), VERDICT_ITEMS, "adaaaa"},
    {"a refused row that is a copy", "reportstream",
     ERRORS(NAMED("[null]", "[\"R2\"]") "," COPIES("[null,2]", "[\"R2\",null]")), VERDICT_ITEMS,
     "adaaad"},
    {"copies by tracking id, then one refused", "reportstream",
     ERRORS(COPIES("[null]", "[\"R2\"]") "," NAMED("[null]", "[\"R2\"]")), VERDICT_ITEMS,
     "adaaad"},
    {"row 0", "reportstream", ERRORS(NAMED("[0]", "[null]")), VERDICT_ROWS, ""},
    {"a row behind the last", "reportstream", ERRORS(NAMED("[7]", "[\"R1\"]")), VERDICT_ROWS,
     ""},
    {"half a row", "reportstream", ERRORS(NAMED("[1.5]", "[\"R1\"]")), VERDICT_ROWS, ""},
    {"a number as text", "reportstream", ERRORS(NAMED("[\"1\"]", "[\"R1\"]")), VERDICT_ROWS,
     ""},
    {"an unknown tracking id", "reportstream", ERRORS(NAMED("[null]", "[\"R9\"]")),
     VERDICT_ROWS, ""},
    {"an empty tracking id", "reportstream", ERRORS(NAMED("[null]", "[\"\"]")), VERDICT_ROWS,
     ""},
    {"nothing but nulls", "reportstream", ERRORS(NAMED("[null]", "[null]")), VERDICT_ROWS, ""},
    {"no names", "reportstream", ERRORS(SAID("item", "x")), VERDICT_ROWS, ""},
    {"names that are no lists", "reportstream", ERRORS(NAMED("2", "\"R2\"")), VERDICT_ROWS, ""},
    {"one of two cannot be found", "reportstream", ERRORS(NAMED("[1,null]", "[\"R1\",null]")),
     VERDICT_ROWS, ""},
    {"one error of two names nothing", "reportstream",
     ERRORS(NAMED("[1]", "[\"R1\"]") "," SAID("item", "x")), VERDICT_ROWS, ""},
    {"number and tracking id of different rows", "reportstream",
     ERRORS(NAMED("[2]", "[\"R3\"]")), VERDICT_ROWS, ""},
    {"number of a row without, tracking id of another", "reportstream",
     ERRORS(NAMED("[4]", "[\"R3\"]")), VERDICT_ROWS, ""},
    {"rows named beside an unknown text", "reportstream",
     ERRORS(STRANGE "," NAMED("[1]", "[\"R1\"]")), VERDICT_ITEMS, "daaaaa"},
    {"rows named beside the false 'all'", "reportstream",
     ERRORS(ALL_THERE "," NAMED("[1]", "[\"R1\"]")), VERDICT_ITEMS, "daaaaa"},
    {"rows not found beside the false 'all'", "reportstream",
     ERRORS(ALL_THERE "," NAMED("[9]", "[null]")), VERDICT_ROWS, ""},
    {"rows named beside the header", "reportstream",
     ERRORS(NAMED("[1]", "[\"R1\"]") "," SAID("report", "Your file is missing x header.")),
     VERDICT_FILE, ""},
    {"the header beside an unknown text", "reportstream",
     ERRORS(STRANGE "," SAID("parameter", "Missing Content-Type header")), VERDICT_FILE, ""},
    {"all there", "reportstream", COUNTED(1, ALL_THERE), VERDICT_THERE, ""},
    {"all there, uncounted", "reportstream", ERRORS(ALL_THERE), VERDICT_THERE, ""},
    {"all there beside a hidden error", "reportstream", COUNTED(2, ALL_THERE), VERDICT_ROWS,
     ""},
    {"all there beside an unknown text", "reportstream", ERRORS(ALL_THERE "," STRANGE),
     VERDICT_ROWS, ""},
    {"an unknown text", "reportstream", ERRORS(STRANGE), VERDICT_ROWS, ""},
    {"a row in the text only", "reportstream",
     ERRORS(SAID("report", "CSV file has an inconsistent number of columns on row: 3")),
     VERDICT_ROWS, ""},
    {"no error at all", "reportstream", ERRORS(""), VERDICT_ROWS, ""},
    {"errors of another shape", "reportstream", ERRORS("\"x\",7,null,[]"), VERDICT_ROWS, ""},
    {"errors that are no list", "reportstream", "{\"errors\":{}}", VERDICT_FILE, ""},
    {"a bare text", "reportstream", "'client:x': unknown sender", VERDICT_FILE, ""},
    {"no body", "reportstream", "", VERDICT_FILE, ""},
    {"a history that is cut", "reportstream", "{\"id\":null,\"errors\":[{", VERDICT_FILE, ""},
    {"a refusal with the id of a report", "reportstream",
     "{\"id\":\"" ID "\",\"errors\":[" NAMED("[1]", "[\"R1\"]") "]}", VERDICT_UNKNOWN, ""},
    {"plain: rows by number", "plain", ERRORS(NAMED("[2]", "[\"R2\"]")), VERDICT_ITEMS,
     "adaaaa"},
    {"plain: rows without a scope", "plain", ERRORS("{\"indices\":[2]}"), VERDICT_ITEMS,
     "adaaaa"},
    {"plain: tracking ids without a scope", "plain", ERRORS("{\"trackingIds\":[\"R1\"]}"),
     VERDICT_ITEMS, "daaaaa"},
    {"plain: an id of its own", "plain",
     "{\"id\":\"" ID "\",\"errors\":[" NAMED("[1]", "[\"R1\"]") "]}", VERDICT_ITEMS, "daaaaa"},
    {"plain: copies", "plain", ERRORS(COPIES("[1]", "[null]")), VERDICT_ITEMS, "saaaaa"},
    {"plain: a bare text", "plain", "Bad request", VERDICT_ROWS, ""},
    {"plain: JSON of its own", "plain", "{\"error\":\"x\"}", VERDICT_ROWS, ""},
    {"plain: no body", "plain", "", VERDICT_ROWS, ""},
};

static void refusal_check(const struct refusal_row *row, unsigned status, bool all_sent)
{
    struct answer answer = {
        .status = status, .all_sent = all_sent, .body = slice_of(row->body)};
    struct verdict verdict = read_answer(row->profile, &answer);
    if (verdict.verdict != row->want)
        fail_msg("%s: %s", row->name, verdict_word(verdict.verdict));
    row_same(row->name, buf_slice(&verdict.fates), slice_of(row->fates));
    verdict_free(&verdict);
}

static void test_verdict_of_a_refusal_is_read_from_its_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(refusal_rows); i++) {
        refusal_check(&refusal_rows[i], 400, true);
        refusal_check(&refusal_rows[i], 400, false);
        if (refusal_rows[i].want != VERDICT_FILE || strstr(refusal_rows[i].body, "scope"))
            refusal_check(&refusal_rows[i], 422, true);
    }
}

static void test_verdict_of_422_without_errors_is_about_rows(void **state)
{
    (void)state;
    struct answer answer = {.status = 422, .all_sent = true, .body = SLICE("no")};
    struct verdict verdict = read_answer("reportstream", &answer);
    assert_int_equal(verdict.verdict, VERDICT_ROWS);
}

static void test_verdict_replaces_what_an_earlier_one_left(void **state)
{
    (void)state;
    const struct profile *profile = profile_by_name(SLICE("plain"));
    struct answer refused = {
        .status = 400, .all_sent = true, .body = SLICE(ERRORS(NAMED("[1]", "[]")))};
    struct answer taken = {.status = 200, .all_sent = true};
    struct verdict verdict = {0};
    verdict_read(&verdict, profile, &refused, &batch_rows);
    assert_int_equal(verdict.fates.len, BATCH);
    verdict_read(&verdict, profile, &refused, &batch_rows);
    assert_int_equal(verdict.fates.len, BATCH);
    verdict_read(&verdict, profile, &taken, &batch_rows);
    assert_int_equal(verdict.fates.len, 0);
    assert_int_equal(verdict.receipt.status, 200);
    verdict_free(&verdict);
}

static void test_verdict_of_a_batch_without_rows_names_none(void **state)
{
    (void)state;
    static const struct verdict_rows none = {0, tracking_id, ids};
    struct answer answer = {.status = 400,
                            .all_sent = true,
                            .body = SLICE(ERRORS(NAMED("[1,null]", "[\"R1\",\"R1\"]")))};
    struct verdict verdict = {0};
    verdict_read(&verdict, profile_by_name(SLICE("plain")), &answer, &none);
    assert_int_equal(verdict.verdict, VERDICT_ROWS);
}

static void test_verdict_keeps_the_receipt(void **state)
{
    (void)state;
    struct answer answer = {
        .status = 201,
        .all_sent = true,
        .body = SLICE("{\"id\":\"" ID
                      "\",\"submissionId\":267,\"reportItemCount\":6,\"errorCount\":0,"
                      "\"warningCount\":3,\"new\":{}}"),
    };
    struct verdict verdict = read_answer("reportstream", &answer);
    assert_string_equal(verdict.receipt.report_id.text, ID);
    assert_int_equal(verdict.receipt.submission_id, 267);
    assert_int_equal(verdict.receipt.warnings, 3);
    assert_true(verdict.receipt.has_count);
    assert_int_equal(verdict.receipt.item_count, BATCH);
    assert_false(verdict.count_differs);
}

static void test_verdict_says_where_the_count_differs(void **state)
{
    (void)state;
    static const struct {
        const char *count;
        bool differs;
    } counts[] = {{"6", false}, {"5", true}, {"0", true}, {"null", false}};
    for (size_t i = 0; i < ROWS(counts); i++) {
        char body[128];
        snprintf(body, sizeof(body),
                 "{\"id\":\"" ID "\",\"errorCount\":0,\"reportItemCount\":%s}",
                 counts[i].count);
        struct answer answer = {.status = 201, .all_sent = true, .body = slice_of(body)};
        struct verdict verdict = read_answer("reportstream", &answer);
        assert_int_equal(verdict.verdict, VERDICT_ACCEPTED);
        row_check(counts[i].count, verdict.count_differs == counts[i].differs);
    }
}

static void test_verdict_of_503_looks_at_retry_after(void **state)
{
    (void)state;
    struct answer answer = {
        .status = 503, .all_sent = true, .has_retry_after = true, .retry_after_ms = 2000};
    struct verdict plain = read_answer("plain", &answer);
    assert_int_equal(plain.verdict, VERDICT_BUSY);
    assert_true(plain.has_retry_after);
    assert_int_equal(plain.retry_after_ms, 2000);
    assert_int_equal(read_answer("reportstream", &answer).verdict, VERDICT_UNKNOWN);
    answer.all_sent = false;
    assert_int_equal(read_answer("plain", &answer).verdict, VERDICT_BUSY);
    assert_int_equal(read_answer("reportstream", &answer).verdict, VERDICT_NOT_SENT);
}

static void test_verdict_of_every_transport_end_has_a_word(void **state)
{
    (void)state;
    for (int end = 0; end < TRANSPORT_END_COUNT; end++)
        assert_true(strlen(transport_end_word((enum transport_end)end)) > 0);
    for (int verdict = 0; verdict < VERDICT_CLASS_COUNT; verdict++)
        assert_true(strlen(verdict_word((enum verdict_class)verdict)) > 0);
}

static void test_outcome_is_said_in_words_and_without_the_answer(void **state)
{
    (void)state;
    char text[OUTCOME_TEXT_MAX];
    char said[OUTCOME_TEXT_MAX];
    struct answer answer = {.end = TRANSPORT_ANSWERED, .status = 503, .body = SLICE("secret")};
    outcome_write(text, VERDICT_UNKNOWN, &answer);
    assert_string_equal(text, "unknown answered 503");
    assert_string_equal(outcome_say(said, slice_of(text)), "HTTP 503 (unknown)");
    for (int end = TRANSPORT_ANSWERED + 1; end < TRANSPORT_END_COUNT; end++) {
        answer.end = (enum transport_end)end;
        outcome_write(text, VERDICT_MISDIRECTED, &answer);
        outcome_say(said, slice_of(text));
        assert_non_null(strstr(said, " (misdirected)"));
        assert_null(strstr(said, "503"));
    }
    assert_string_equal(outcome_say(said, SLICE("")), "");
    assert_string_equal(outcome_say(said, SLICE("no words of ours")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_means_what_the_row_says),
        cmocka_unit_test(test_verdict_of_a_refusal_is_read_from_its_errors),
        cmocka_unit_test(test_verdict_of_422_without_errors_is_about_rows),
        cmocka_unit_test(test_verdict_replaces_what_an_earlier_one_left),
        cmocka_unit_test(test_verdict_of_a_batch_without_rows_names_none),
        cmocka_unit_test(test_verdict_keeps_the_receipt),
        cmocka_unit_test(test_verdict_says_where_the_count_differs),
        cmocka_unit_test(test_verdict_of_503_looks_at_retry_after),
        cmocka_unit_test(test_verdict_of_every_transport_end_has_a_word),
        cmocka_unit_test(test_outcome_is_said_in_words_and_without_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
