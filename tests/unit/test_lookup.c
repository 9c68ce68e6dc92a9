/*
 * test_lookup.c - the URLs of a look, and what pages of the endpoint's list come to: rows of
 * pages against the wanted result.
 */

#include "unit/support_cmocka.h"

#include <stdio.h>

#include "elrelay/core/decide/lookup.h"
#include "elrelay/ground/time_text.h"
#include "unit/rows.h"

#define BATCH  "019a0000-0000-7000-8000-000000000001"
#define REPORT "11111111-2222-3333-4444-555555555555"

static const uint64_t FIRST_MS = 1700000000000; /* 2023-11-14T22:13:20Z */
static const uint64_t MINUTE_MS = 60000;

enum { COUNT = 14, PAGES = 4 };

static struct lookup_for wanted_batch(void)
{
    return (struct lookup_for){.batch_id = SLICE(BATCH),
                               .count = COUNT,
                               .first_unix_ms = FIRST_MS,
                               .now_unix_ms = FIRST_MS + 60 * MINUTE_MS};
}

#define AT(time)   "\"timestamp\":\"2023-11-14T" time "Z\""
#define OTHER_ID   "\"submissionId\":1"
#define OTHER      "{" AT("22:20:00.000") "," OTHER_ID ",\"externalName\":\"other\"}"
#define LATER      "{" AT("22:30:00.000") "," OTHER_ID ",\"externalName\":null}"
#define NAMELESS   "{" AT("22:20:00.000") "," OTHER_ID "}"
#define OURS_BUT   AT("22:25:00.000") ",\"externalName\":\"" BATCH "\""
#define OURS(rest) "{" OURS_BUT "," rest "}"
#define STORED     "\"httpStatus\":201,\"reportItemCount\":14,\"id\":\"" REPORT "\""
#define GOOD       OURS("\"submissionId\":267," STORED)
#define AGAIN      OURS("\"submissionId\":268," STORED)

struct row {
    const char *name;
    const char *pages[PAGES]; /* until one has a result other than MORE */
    enum lookup_result want;
};

static const struct row rows[] = {
    {"listed", {"[" GOOD "]"}, LOOKUP_FOUND},
    {"listed among others", {"[" OTHER "," GOOD "," LATER "]"}, LOOKUP_FOUND},
    {"without a status",
     {"[" OURS("\"submissionId\":267,\"reportItemCount\":14,\"id\":\"" REPORT "\"") "]"},
     LOOKUP_FOUND},
    {"the same submission twice", {"[" GOOD "," GOOD "]"}, LOOKUP_FOUND},
    {"two submissions", {"[" GOOD "," AGAIN "]"}, LOOKUP_DIFFERS},
    {"another count",
     {"[" OURS("\"submissionId\":2,\"httpStatus\":201,\"reportItemCount\":13,"
               "\"id\":\"" REPORT "\"") "]"},
     LOOKUP_DIFFERS},
    {"no count",
     {"[" OURS("\"submissionId\":2,\"httpStatus\":201,\"reportItemCount\":null,"
               "\"id\":\"" REPORT "\"") "]"},
     LOOKUP_DIFFERS},
    {"another status",
     {"[" OURS("\"submissionId\":2,\"httpStatus\":500,\"reportItemCount\":14,"
               "\"id\":\"" REPORT "\"") "]"},
     LOOKUP_DIFFERS},
    {"no id",
     {"[" OURS("\"submissionId\":2,\"httpStatus\":201,\"reportItemCount\":14,\"id\":null") "]"},
     LOOKUP_DIFFERS},
    {"no submissionId", {"[" OURS(STORED) "]"}, LOOKUP_BARRED},
    {"an empty list", {"[]"}, LOOKUP_ABSENT},
    {"others only", {"[" OTHER "," LATER "]", "[" LATER "]"}, LOOKUP_ABSENT},
    {"others only, without overlap", {"[" OTHER "," LATER "]", "[]"}, LOOKUP_ABSENT},
    {"on a second page", {"[" OTHER "]", "[" OTHER "," GOOD "]"}, LOOKUP_FOUND},
    {"a list without names", {"[" NAMELESS "]", "[" NAMELESS "]"}, LOOKUP_BARRED},
    {"newest first", {"[" LATER "," OTHER "]"}, LOOKUP_BARRED},
    {"a row without a time", {"[{" OTHER_ID "}]"}, LOOKUP_BARRED},
    {"a row with half a time", {"[{\"timestamp\":\"2023-11-14\"}]"}, LOOKUP_BARRED},
    {"a row that is none", {"[7]"}, LOOKUP_BARRED},
    {"an object", {"{}"}, LOOKUP_BARRED},
    {"a page that is cut", {"[" OTHER "," GOOD}, LOOKUP_BARRED},
    {"no body", {""}, LOOKUP_BARRED},
    {"HTML", {"<html></html>"}, LOOKUP_BARRED},
};

static struct answer page_answer(const char *body)
{
    return (struct answer){
        .status = 200, .body = slice_of(body), .date_unix_ms = FIRST_MS + 60 * MINUTE_MS};
}

static void look_check(const struct row *row)
{
    const struct lookup_for wanted = wanted_batch();
    struct lookup_page page;
    lookup_page_init(&page);
    size_t at = 0;
    for (; page.result == LOOKUP_MORE && at < PAGES && row->pages[at]; at++) {
        struct answer answer = page_answer(row->pages[at]);
        lookup_read(&page, &wanted, &answer);
    }
    if (page.result != row->want || (at < PAGES && row->pages[at]))
        fail_msg("%s: %s after %zu", row->name, lookup_word(page.result), at);
    lookup_page_free(&page);
}

static void test_lookup_reads_the_pages_of_a_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        look_check(&rows[i]);
}

static enum lookup_result read_one(const struct answer *answer, const struct lookup_for *wanted)
{
    struct lookup_page page;
    lookup_page_init(&page);
    lookup_read(&page, wanted, answer);
    enum lookup_result result = page.result;
    lookup_page_free(&page);
    return result;
}

static void test_lookup_keeps_the_receipt(void **state)
{
    (void)state;
    const struct lookup_for wanted = wanted_batch();
    struct answer answer = page_answer("[" GOOD "]");
    struct lookup_page page;
    lookup_page_init(&page);
    lookup_read(&page, &wanted, &answer);
    assert_int_equal(page.receipt.status, 201);
    assert_string_equal(page.receipt.report_id.text, REPORT);
    assert_int_equal(page.receipt.submission_id, 267);
    assert_true(page.receipt.has_count);
    assert_int_equal(page.receipt.item_count, COUNT);
    lookup_page_free(&page);
}

static void test_lookup_believes_no_absence_to_a_clock_behind(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t date_s;   /* seconds behind the first send ... */
        uint64_t now_min; /* ... and minutes of our time; 0: none */
        enum lookup_result want;
    } clocks[] = {
        {"the same time", 3600, 60, LOOKUP_ABSENT},
        {"ahead", 36000, 60, LOOKUP_ABSENT},
        {"behind, within what is asked for", 3000, 60, LOOKUP_ABSENT},
        {"behind by more", 2999, 60, LOOKUP_BARRED},
        {"our time not known", 60, 0, LOOKUP_ABSENT},
        {"our time not known, in the second of the first send", 0, 0, LOOKUP_ABSENT},
        {"our time not known, before the first send", -1, 0, LOOKUP_BARRED},
    };
    for (size_t i = 0; i < ROWS(clocks); i++) {
        struct lookup_for wanted = wanted_batch();
        struct answer answer = page_answer("[]");
        answer.date_unix_ms = FIRST_MS + (uint64_t)(clocks[i].date_s * 1000);
        wanted.now_unix_ms = clocks[i].now_min ? FIRST_MS + clocks[i].now_min * MINUTE_MS : 0;
        row_same_number(clocks[i].name, read_one(&answer, &wanted), clocks[i].want);
        answer.body = SLICE("[" GOOD "]");
        row_same_number(clocks[i].name, read_one(&answer, &wanted), LOOKUP_FOUND);
        answer.body = SLICE("[]");
        answer.date_unix_ms = 0;
        row_same_number("no date", read_one(&answer, &wanted), LOOKUP_BARRED);
    }
}

/* A look that has another page before it stays as it is. */
static void test_lookup_of_every_end_and_code_is_one(void **state)
{
    (void)state;
    const struct lookup_for wanted = wanted_batch();
    for (int end = 0; end < TRANSPORT_END_COUNT; end++)
        for (unsigned status = 100; status <= 599; status++) {
            struct answer answer = page_answer("[]");
            answer.end = (enum transport_end)end;
            answer.status = status;
            bool later = end != TRANSPORT_ANSWERED || status < 200 || status == 408 ||
                         status == 425 || status == 429 || status >= 500;
            enum lookup_result want = status == 200 ? LOOKUP_ABSENT : LOOKUP_BARRED;
            if (end == TRANSPORT_ANSWER_TOO_LARGE)
                want = LOOKUP_BARRED; /* the next one would not be smaller */
            else if (later)
                want = LOOKUP_AGAIN;
            if (read_one(&answer, &wanted) != want)
                fail_msg("%s, %u", transport_end_word(answer.end), status);
        }
}

static void test_lookup_asks_for_the_same_page_again(void **state)
{
    (void)state;
    const struct lookup_for wanted = wanted_batch();
    struct answer first = page_answer("[" OTHER "]");
    struct answer trouble = {.status = 503};
    struct answer second = page_answer("[" GOOD "]");
    struct lookup_page page;
    lookup_page_init(&page);
    lookup_read(&page, &wanted, &first);
    assert_int_equal(page.result, LOOKUP_MORE);
    lookup_read(&page, &wanted, &trouble);
    assert_int_equal(page.result, LOOKUP_AGAIN);
    row_same("cursor", buf_slice(&page.cursor), SLICE("2023-11-14T22:19:59.999Z"));
    lookup_read(&page, &wanted, &second);
    assert_int_equal(page.result, LOOKUP_FOUND);
    lookup_page_free(&page);
}

/* A page as full as we ask for: others from the minute on, step_ms apart, and rows behind them.
 */
static void read_full(struct lookup_page *page, uint64_t minute, uint64_t step_ms,
                      const char *rows_behind)
{
    const struct lookup_for wanted = wanted_batch();
    struct buf body;
    buf_init(&body, 65536);
    buf_add_byte(&body, '[');
    for (uint64_t i = 0; i < LOOKUP_PAGE_SIZE; i++) {
        char time[TIME_TEXT_MAX];
        time_text_write(time, FIRST_MS + minute * MINUTE_MS + i * step_ms);
        buf_add_format(&body, "%s{\"timestamp\":\"%s\",\"externalName\":null}", i ? "," : "",
                       time);
    }
    buf_add_text(&body, rows_behind);
    buf_add_byte(&body, ']');
    struct answer answer = page_answer(buf_text(&body));
    lookup_read(page, &wanted, &answer);
    buf_free(&body);
}

static void test_lookup_goes_on_behind_a_full_page(void **state)
{
    (void)state;
    const struct lookup_for wanted = wanted_batch();
    struct answer second = page_answer("[" GOOD "," AGAIN "]");
    struct answer end = page_answer("[" GOOD "]");
    struct lookup_page page;
    lookup_page_init(&page);
    read_full(&page, 0, 1, "," GOOD);
    assert_int_equal(page.result, LOOKUP_MORE);
    struct lookup_page other = page;
    lookup_read(&other, &wanted, &second);
    assert_int_equal(other.result, LOOKUP_DIFFERS);
    lookup_read(&page, &wanted, &end);
    assert_int_equal(page.result, LOOKUP_FOUND);
    lookup_page_free(&page);
}

static void test_lookup_cannot_pass_a_full_page_of_one_moment(void **state)
{
    (void)state;
    struct lookup_page page;
    lookup_page_init(&page);
    read_full(&page, 0, 0, "");
    assert_int_equal(page.result, LOOKUP_MORE);
    read_full(&page, 0, 0, "");
    assert_int_equal(page.result, LOOKUP_BARRED);
    lookup_page_free(&page);
}

static void test_lookup_reads_so_many_pages_and_no_more(void **state)
{
    (void)state;
    for (int listed = 0; listed < 2; listed++) {
        struct lookup_page page;
        lookup_page_init(&page);
        uint64_t pages = 0;
        while (page.result == LOOKUP_MORE) {
            read_full(&page, pages, 1, listed && pages == 11 ? "," GOOD : "");
            pages++;
        }
        assert_int_equal(pages, LOOKUP_PAGES_MAX);
        assert_int_equal(page.result, listed ? LOOKUP_FOUND : LOOKUP_BARRED);
        lookup_page_free(&page);
    }
}

static void test_lookup_writes_the_url_of_a_page(void **state)
{
    (void)state;
    const struct lookup_conf conf = {.url = OWN("https://h/api/waters/org/x/submissions")};
    const struct lookup_for wanted = wanted_batch();
    struct lookup_page page;
    struct buf url;
    lookup_page_init(&page);
    buf_init(&url, 512);
    assert_true(lookup_write_url(&url, &conf, &wanted, &page));
    row_same("first", buf_slice(&url),
             SLICE("https://h/api/waters/org/x/submissions?sortdir=ASC&sortcol=CREATED_AT"
                   "&pageSize=50&since=2023-11-14T22%3A03%3A20.000Z"));
    buf_add_text(&page.cursor, "2023-11-14T22:19:59.999Z");
    assert_true(lookup_write_url(&url, &conf, &wanted, &page));
    row_same("next", buf_slice(&url),
             SLICE("https://h/api/waters/org/x/submissions?sortdir=ASC&sortcol=CREATED_AT"
                   "&pageSize=50&since=2023-11-14T22%3A03%3A20.000Z"
                   "&cursor=2023-11-14T22%3A19%3A59.999Z"));
    url.max = 60;
    assert_false(lookup_write_url(&url, &conf, &wanted, &page));
    buf_free(&url);
    lookup_page_free(&page);
}

static void test_lookup_writes_the_url_of_the_list(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint;
        const char *client;
        const char *want; /* NULL: none */
    } urls[] = {
        {"https://h/api/reports", "org", "https://h/api/waters/org/org/submissions"},
        {"https://h:8443/api/waters?processing=async", "org.sender",
         "https://h:8443/api/waters/org/org.sender/submissions"},
        {"http://[::1]:80?x=1", "o", "http://[::1]:80/api/waters/org/o/submissions"},
        {"https://h", "o", "https://h/api/waters/org/o/submissions"},
        {"https://h/p?client=q", "o", "https://h/api/waters/org/o/submissions"},
        {"https://h/p?client=q", "", "https://h/api/waters/org/q/submissions"},
        {"https://h/p?a=b&client=q.r%20s&c=d", "",
         "https://h/api/waters/org/q.r%20s/submissions"},
        {"https://h/p?myclient=x&client=q", "", "https://h/api/waters/org/q/submissions"},
        {"https://h/p?client=q/../r", "", "https://h/api/waters/org/q%2F..%2Fr/submissions"},
        {"https://h/p", "a/b?c#d%e f\xc3\xa9",
         "https://h/api/waters/org/a%2Fb%3Fc%23d%25e%20f%C3%A9/submissions"},
        {"https://h/client=q", "", NULL},
        {"https://h/p?client=", "", NULL},
        {"https://h/p?", "", NULL},
        {"https://h/p", "", NULL},
        {"https:///p", "o", NULL},
        {"https:h/p", "o", NULL},
        {"h/p", "o", NULL},
        {"", "o", NULL},
    };
    for (size_t i = 0; i < ROWS(urls); i++) {
        struct buf url;
        buf_init(&url, 256);
        bool written = lookup_write_default_url(&url, slice_of(urls[i].endpoint),
                                                slice_of(urls[i].client));
        row_check(urls[i].endpoint, written == (urls[i].want != NULL));
        if (written)
            row_same(urls[i].endpoint, buf_slice(&url), slice_of(urls[i].want));
        buf_free(&url);
    }
}

static void test_lookup_has_a_word_for_every_result(void **state)
{
    (void)state;
    for (int result = 0; result < LOOKUP_RESULT_COUNT; result++)
        assert_true(strlen(lookup_word((enum lookup_result)result)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup_reads_the_pages_of_a_list),
        cmocka_unit_test(test_lookup_keeps_the_receipt),
        cmocka_unit_test(test_lookup_believes_no_absence_to_a_clock_behind),
        cmocka_unit_test(test_lookup_of_every_end_and_code_is_one),
        cmocka_unit_test(test_lookup_asks_for_the_same_page_again),
        cmocka_unit_test(test_lookup_goes_on_behind_a_full_page),
        cmocka_unit_test(test_lookup_cannot_pass_a_full_page_of_one_moment),
        cmocka_unit_test(test_lookup_reads_so_many_pages_and_no_more),
        cmocka_unit_test(test_lookup_writes_the_url_of_a_page),
        cmocka_unit_test(test_lookup_writes_the_url_of_the_list),
        cmocka_unit_test(test_lookup_has_a_word_for_every_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
