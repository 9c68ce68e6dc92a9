/*
 * test_verdict_walk.c - every transport end with every code, whole and early, for every
 * profile: one class each, and no certainty that the wire does not give. And names by the
 * thousand.
 */

#include "unit/support_cmocka.h"

#include <stdio.h>

#include "elrelay/core/decide/verdict.h"
#include "unit/rows.h"

enum { MANY = 10000, NAME_LEN = 16 };

static struct {
    char text[NAME_LEN];
} names[MANY];

static struct slice tracking_id(const void *ctx, size_t row)
{
    (void)ctx;
    return slice_of(names[row].text);
}

static const enum verdict_class class_of_end[TRANSPORT_END_COUNT] = {
    [TRANSPORT_NOT_BEGUN] = VERDICT_MISDIRECTED,
    [TRANSPORT_NAME_UNRESOLVED] = VERDICT_NOT_SENT,
    [TRANSPORT_NOT_CONNECTED] = VERDICT_NOT_SENT,
    [TRANSPORT_TLS_FAILED] = VERDICT_NOT_SENT,
    [TRANSPORT_UPLOAD_CUT] = VERDICT_NOT_SENT,
    [TRANSPORT_UPLOAD_STOPPED] = VERDICT_NOT_SENT,
    [TRANSPORT_NO_ANSWER] = VERDICT_UNKNOWN,
    [TRANSPORT_ANSWER_TOO_LARGE] = VERDICT_UNKNOWN,
};

static bool is_refusal(unsigned status)
{
    return status == 400 || status == 422;
}

/* An answer without a body. */
static enum verdict_class wanted(const struct profile *profile, const struct answer *answer)
{
    if (answer->end == TRANSPORT_ANSWER_TOO_LARGE && is_refusal(answer->status) &&
        !profile->sends_nothing) /* what means nothing there refuses nothing */
        return VERDICT_ROWS;
    if (answer->end != TRANSPORT_ANSWERED)
        return class_of_end[answer->end];
    enum verdict_class class = profile_class_of(profile, answer->status, answer->all_sent);
    if (answer->status / 100 == 2 && profile->acceptance == ACCEPT_REPORT_RECEIPT)
        return VERDICT_UNKNOWN;
    return class;
}

static void walk_step(const struct profile *profile, const struct answer *answer)
{
    static const struct verdict_rows rows = {2, tracking_id, NULL};
    struct verdict verdict = {0};
    verdict_read(&verdict, profile, answer, &rows);
    enum verdict_class want = wanted(profile, answer);
    if (verdict.verdict != want)
        fail_msg("%s, %s, %u: %s, not %s", profile->name, transport_end_word(answer->end),
                 answer->status, verdict_word(verdict.verdict), verdict_word(want));
    bool accepted = verdict.verdict == VERDICT_ACCEPTED;
    assert_true(!accepted || (answer->end == TRANSPORT_ANSWERED && answer->all_sent &&
                              answer->status / 100 == 2));
    assert_int_equal(verdict.receipt.status, accepted ? answer->status : 0);
    assert_int_equal(verdict.fates.len, 0);
    verdict_free(&verdict);
}

static void walk_codes(const struct profile *profile, struct answer answer)
{
    for (answer.status = 100; answer.status <= 599; answer.status++)
        walk_step(profile, &answer);
}

static void test_verdict_of_every_end_and_code_is_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < profile_count; i++)
        for (int end = 0; end < TRANSPORT_END_COUNT; end++) {
            struct answer answer = {.end = (enum transport_end)end};
            walk_codes(&profile_table[i], answer);
            answer.all_sent = true;
            walk_codes(&profile_table[i], answer);
        }
}

/* A refusal that names every row so often that the body is as large as an answer may be. */
static void refusal_write(struct buf *body, size_t len)
{
    buf_init(body, 2 * len);
    buf_add_text(body, "{\"errors\":[{\"scope\":\"item\",\"trackingIds\":[\"0\"");
    for (size_t row = 1; body->len < len; row++)
        buf_add_format(body, ",\"%s\"", names[row % MANY].text);
    buf_add_text(body, "]}]}");
}

static void check_all_refused(void)
{
    const struct verdict_rows rows = {MANY, tracking_id, NULL};
    struct buf body;
    refusal_write(&body, 1048576);
    struct answer answer = {.status = 400, .all_sent = true, .body = buf_slice(&body)};
    struct verdict verdict = {0};
    verdict_read(&verdict, profile_by_name(SLICE("reportstream")), &answer, &rows);
    assert_int_equal(verdict.verdict, VERDICT_ITEMS);
    assert_int_equal(verdict.fates.len, MANY);
    for (size_t row = 0; row < MANY; row++)
        assert_int_equal(verdict.fates.ptr[row], 'd');
    verdict_free(&verdict);
    buf_free(&body);
}

static void test_verdict_finds_ten_thousand_names(void **state)
{
    (void)state;
    for (size_t row = 0; row < MANY; row++)
        snprintf(names[row].text, NAME_LEN, "%zu", row);
    check_all_refused();
    for (size_t row = 0; row < MANY; row++)
        snprintf(names[row].text, NAME_LEN, "0");
    check_all_refused();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_of_every_end_and_code_is_one),
        cmocka_unit_test(test_verdict_finds_ten_thousand_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
