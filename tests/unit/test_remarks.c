/*
 * test_remarks.c - what an answer says of rows and of the whole: rows of bodies against the
 * lists that are kept.
 */

#include "unit/support_cmocka.h"

#include <stdio.h>

#include "elrelay/core/decide/verdict.h"
#include "elrelay/ground/mem.h"
#include "unit/rows.h"

#define ID "11111111-2222-3333-4444-555555555555"

enum { BATCH = 4 };

static const char *const ids[BATCH] = {"R1", "R2", "", "R4"};

static struct slice tracking_id(const void *ctx, size_t row)
{
    const char *const *of = ctx;
    assert_in_range(row, 0, BATCH - 1);
    return slice_of(of[row]);
}

static const struct verdict_rows batch_rows = {BATCH, tracking_id, ids};

static struct verdict read_answer(const char *profile, unsigned status, struct slice body)
{
    struct verdict verdict = {0};
    struct answer answer = {
        .end = TRANSPORT_ANSWERED, .status = status, .body = body, .all_sent = true};
    verdict_read(&verdict, profile_by_name(slice_of(profile)), &answer, &batch_rows);
    return verdict;
}

#define TAKEN(warnings)                                                                        \
    "{\"id\":\"" ID "\",\"errorCount\":0,\"errors\":[],\"warnings\":[" warnings "]}"
#define REFUSED(errors, warnings)                                                              \
    "{\"id\":null,\"errorCount\":1,\"errors\":[" errors "],\"warnings\":[" warnings "]}"
#define ABOUT(message, indices, ids)                                                           \
    "{\"scope\":\"item\",\"indices\":" indices ",\"trackingIds\":" ids                         \
    ",\"message\":\"" message "\"}"
#define REPORT(message) "{\"scope\":\"report\",\"message\":\"" message "\"}"

#define KEPT(error, message, ids)                                                              \
    "{\"isError\":" error ",\"details\":\"" message "\",\"ids\":[" ids "]}"
#define KEPT_ALL(error, message) "{\"isError\":" error ",\"details\":\"" message "\"}"

struct row {
    const char *name;
    const char *profile;
    unsigned status;
    const char *body;
    const char *about_rows;
    const char *about_all;
};

static const struct row rows[] = {
    {"no warning", "reportstream", 201, TAKEN(""), "", ""},
    {"no list", "reportstream", 201, "{\"id\":\"" ID "\",\"errorCount\":0}", "", ""},
    {"a list that is none", "reportstream", 201,
     "{\"id\":\"" ID "\",\"errorCount\":0,\"warnings\":{\"message\":\"x\"}}", "", ""},
    {"entries that are none", "reportstream", 201, TAKEN("null,3,\"x\""), "",
     "[" KEPT_ALL("false", "") "," KEPT_ALL("false", "") "," KEPT_ALL("false", "") "]"},
    {"ids", "reportstream", 201, TAKEN(ABOUT("w", "[1,2]", "[\"R1\",\"R2\"]")),
     "[" KEPT("false", "w", "\"R1\",\"R2\"") "]", ""},
    {"null ids", "reportstream", 201, TAKEN(ABOUT("w", "[4,2]", "[null,null]")),
     "[" KEPT("false", "w", "\"R4\",\"R2\"") "]", ""},
    {"no ids", "reportstream", 201, TAKEN("{\"message\":\"w\",\"indices\":[1]}"),
     "[" KEPT("false", "w", "\"R1\"") "]", ""},
    {"ids alone", "reportstream", 201,
     TAKEN("{\"message\":\"w\",\"trackingIds\":[\"R1\",\"other\"]}"),
     "[" KEPT("false", "w", "\"R1\",\"other\"") "]", ""},
    {"the id as it is written", "reportstream", 201, TAKEN(ABOUT("w", "[1]", "[\"R2\"]")),
     "[" KEPT("false", "w", "\"R2\"") "]", ""},
    {"a row without an id", "reportstream", 201, TAKEN(ABOUT("w", "[3]", "[null]")),
     "[" KEPT("false", "w", "\"row3\"") "]", ""},
    {"fewer ids than numbers", "reportstream", 201, TAKEN(ABOUT("w", "[1,2]", "[\"R1\"]")),
     "[" KEPT("false", "w", "\"R1\",\"R2\"") "]", ""},
    {"numbers of no row", "reportstream", 201, TAKEN(ABOUT("w", "[0,5,-1,1.5,null]", "[]")), "",
     "[" KEPT_ALL("false", "w") "]"},
    {"report scope", "reportstream", 201, TAKEN(REPORT("Missing header") "," REPORT("b")), "",
     "[" KEPT_ALL("false", "Missing header") "," KEPT_ALL("false", "b") "]"},
    {"a parameter, as for a deprecated option", "reportstream", 201,
     TAKEN("{\"scope\":\"parameter\",\"message\":\"Url Options Parameter, x\"}"), "",
     "[" KEPT_ALL("false", "Url Options Parameter, x") "]"},
    {"a file without rows", "reportstream", 201,
     TAKEN(REPORT("No reports were found in CSV content")), "",
     "[" KEPT_ALL("false", "No reports were found in CSV content") "]"},
    {"both", "reportstream", 201, TAKEN(REPORT("a") "," ABOUT("w", "[1]", "[\"R1\"]")),
     "[" KEPT("false", "w", "\"R1\"") "]", "[" KEPT_ALL("false", "a") "]"},
    {"quotes and line ends", "reportstream", 201,
     TAKEN(ABOUT("\\\"\\n\\u00e9", "[1]", "[null]")),
     "[" KEPT("false", "\\\"\\n\xc3\xa9", "\"R1\"") "]", ""},
    {"plain, taken with errors", "plain", 200,
     "{\"warnings\":[" ABOUT("w", "[1]", "[null]") "],\"errors\":[" ABOUT("e", "[2]",
                                                                          "[null]") "]}",
     "[" KEPT("false", "w", "\"R1\"") "," KEPT("true", "e", "\"R2\"") "]", ""},
    {"plain, without JSON", "plain", 200, "ok", "", ""},
    {"refused rows: of those that go on it is said again", "reportstream", 400,
     REFUSED(ABOUT("e", "[2,3]", "[\"R2\",\"row3\"]"),
             ABOUT("w", "[1,2,4]", "[null,null,null]")),
     "[" KEPT("false", "w", "\"R2\"") "," KEPT("true", "e", "\"R2\",\"row3\"") "]", ""},
    {"copies", "reportstream", 400,
     REFUSED(ABOUT("Item is a duplicate.", "[2,4]", "[null,null]"), ""),
     "[" KEPT("true", "Item is a duplicate.", "\"R2\",\"R4\"") "]", ""},
    {"all copies", "reportstream", 400,
     REFUSED(REPORT("All items in this submission are duplicates."), ""), "",
     "[" KEPT_ALL("true", "All items in this submission are duplicates.") "]"},
    {"the file: no row has come to its end", "reportstream", 400,
     REFUSED(REPORT("Your file is missing x header.") "," ABOUT("e", "[1]", "[\"R1\"]"),
             ABOUT("w", "[2]", "[null]")),
     "", "[" KEPT_ALL("true", "Your file is missing x header.") "]"},
    {"rows that are not there", "reportstream", 400, REFUSED(ABOUT("e", "[9]", "[\"R1\"]"), ""),
     "", ""},
    {"a bare text", "reportstream", 400, "'client:x': unknown sender", "", ""},
    {"a callback's own answer", "callback", 200, TAKEN(ABOUT("w", "[1]", "[null]")), "", ""},
    {"a callback's own refusal", "callback", 400, REFUSED(ABOUT("e", "[1]", "[null]"), ""), "",
     ""},
    {"unknown", "reportstream", 503, TAKEN(ABOUT("w", "[1]", "[null]")), "", ""},
    {"201 with errors", "reportstream", 201, REFUSED(ABOUT("e", "[1]", "[null]"), ""), "", ""},
};

static void same(const char *name, struct slice is, const char *wanted)
{
    if (!slice_is_text(is, wanted))
        fail_msg("%s: %.*s", name, SLICE_ARG(is));
}

static void test_remarks_are_kept_as_the_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct verdict verdict = read_answer(rows[i].profile, rows[i].status,
                                             slice_of(rows[i].body));
        same(rows[i].name, buf_slice(&verdict.remarks.about_rows), rows[i].about_rows);
        same(rows[i].name, buf_slice(&verdict.remarks.about_all), rows[i].about_all);
        assert_int_equal(verdict.remarks.left_out, 0);
        verdict_free(&verdict);
    }
}

/* An answer with so many warnings of so many rows each, of `size` bytes. */
static struct buf long_answer(size_t warnings, size_t rows_each, size_t size)
{
    struct buf body;
    buf_init(&body, 64u << 20);
    buf_add_text(&body, "{\"id\":\"" ID "\",\"errorCount\":0,\"warnings\":[");
    for (size_t i = 0; i < warnings; i++) {
        buf_add_text(&body, i ? ",{\"message\":\"" : "{\"message\":\"");
        for (size_t at = 0; at < size; at += 2)
            buf_add_text(&body, "\xc3\xa9");
        buf_add_text(&body, rows_each ? "\",\"indices\":[" : "\"");
        for (size_t row = 0; row < rows_each; row++)
            buf_add_text(&body, row ? ",1" : "1");
        buf_add_text(&body, rows_each ? "]}" : "}");
    }
    buf_add_text(&body, "]}");
    return body;
}

static const struct {
    size_t warnings;
    size_t rows_each;
    size_t size;
    size_t count;
    size_t all_count;
} long_rows[] = {
    {1, 1500, 10, 1500, 0},  {1, 1501, 10, 1500, 0}, {1501, 1, 0, 1500, 0},
    {1000, 1, 4002, 243, 0}, {101, 0, 2, 0, 100},    {100, 0, 400, 0, 36},
    {1, 1, 1000000, 1, 0},   {1, 0, 1000000, 0, 1},
};

static void test_remarks_beyond_the_bounds_are_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(long_rows); i++) {
        size_t rows_each = long_rows[i].rows_each ? long_rows[i].rows_each : 1;
        struct buf body = long_answer(long_rows[i].warnings, long_rows[i].rows_each,
                                      long_rows[i].size);
        struct verdict verdict = read_answer("reportstream", 201, buf_slice(&body));
        const struct remarks *remarks = &verdict.remarks;
        assert_int_equal(verdict.verdict, VERDICT_ACCEPTED);
        assert_int_equal(remarks->count, long_rows[i].count);
        assert_int_equal(remarks->all_count, long_rows[i].all_count);
        assert_int_equal(remarks->left_out, long_rows[i].warnings * rows_each - remarks->count -
                                                remarks->all_count);
        assert_true(remarks->bytes <= REMARKS_BYTES_MAX);
        struct json *list = json_parse(remarks->count ? buf_slice(&remarks->about_rows)
                                                      : buf_slice(&remarks->about_all));
        struct slice details = json_text(json_member(json_first(list), "details"));
        assert_int_equal(details.len, long_rows[i].size < REMARK_DETAILS_MAX
                                          ? long_rows[i].size
                                          : REMARK_DETAILS_MAX);
        json_free(list);
        verdict_free(&verdict);
        buf_free(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remarks_are_kept_as_the_row_says),
        cmocka_unit_test(test_remarks_beyond_the_bounds_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
