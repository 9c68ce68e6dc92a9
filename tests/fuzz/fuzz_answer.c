/*
 * fuzz_answer.c - any body an endpoint may send, and what is made of it.
 *
 * The first byte picks how the transfer ended (its top bit: before all was sent), the second
 * the status; the rest is the body, read as the answer to a POST and as a page of the list.
 * Whatever comes: a batch is accepted only on a whole 2xx answer, a receipt is only kept then,
 * each row has a fate only where some are named, and a batch is found only as it is listed.
 */

#include <stdint.h>
#include <stdlib.h>

#include "elrelay/core/decide/lookup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(int holds)
{
    if (!holds)
        abort();
}

enum { ROW_COUNT = 4 };

static struct slice tracking_id(const void *ctx, size_t row)
{
    static const char *const ids[ROW_COUNT] = {"R1", "R2", "", "R1"};
    (void)ctx;
    return slice_of(ids[row]);
}

/* What a script could not go through would be lost, whole. */
static void fuzz_remarks(const struct remarks *remarks, const struct profile *profile)
{
    size_t count = 0;
    struct json *rows = json_parse(buf_slice(&remarks->about_rows));
    struct json *all = json_parse(buf_slice(&remarks->about_all));
    want((rows != NULL) == (remarks->count > 0) && (all != NULL) == (remarks->all_count > 0));
    want(profile->speaks_of_rows || (!rows && !all));
    want(remarks->count <= REMARKS_MAX && remarks->bytes <= REMARKS_BYTES_MAX);
    for (const struct json *row = rows ? json_first(rows) : NULL; row; row = json_next(row)) {
        size_t len = json_text(json_member(row, "details")).len;
        want(len <= (size_t)3 * REMARK_DETAILS_MAX); /* U+FFFD for a byte that is not UTF-8 */
        const struct json *id = json_first(json_member(row, "ids"));
        for (want(id != NULL); id; id = json_next(id), count++)
            want(json_text(id).len > 0);
    }
    want(count == remarks->count);
    json_free(rows);
    json_free(all);
}

static void fuzz_profile(const struct profile *profile, const struct answer *answer)
{
    static const struct verdict_rows rows = {ROW_COUNT, tracking_id, NULL};
    struct verdict verdict = {0};
    verdict_read(&verdict, profile, answer, &rows);
    int accepted = verdict.verdict == VERDICT_ACCEPTED;
    want(verdict.receipt.status == (accepted ? answer->status : 0));
    int whole = answer->end == TRANSPORT_ANSWERED ||
                (answer->end == TRANSPORT_ANSWER_TOO_LARGE &&
                 profile->acceptance == ACCEPT_REPORT_RECEIPT);
    want(!accepted || (whole && answer->all_sent && answer->status / 100 == 2));
    fuzz_remarks(&verdict.remarks, profile);
    if (accepted && profile->acceptance == ACCEPT_REPORT_RECEIPT)
        want(verdict.receipt.report_id.text[0] != '\0' && verdict.receipt.errors == 0);
    want(verdict.fates.len == (verdict.verdict == VERDICT_ITEMS ? ROW_COUNT : 0));
    size_t gone = 0;
    for (size_t i = 0; i < verdict.fates.len; i++) {
        want(strchr("ads", verdict.fates.ptr[i]) != NULL);
        gone += verdict.fates.ptr[i] != 'a';
    }
    want(gone > 0 || verdict.verdict != VERDICT_ITEMS);
    verdict_free(&verdict);
}

static void fuzz_list(const struct answer *answer)
{
    static const struct lookup_for wanted = {
        .batch_id = {"batch-0001", 10}, .count = 2, .first_unix_ms = 1};
    struct lookup_page page;
    lookup_page_init(&page);
    for (uint32_t pages = 1; page.result == LOOKUP_MORE; pages++) {
        lookup_read(&page, &wanted, answer);
        want(page.pages <= pages && pages <= LOOKUP_PAGES_MAX);
    }
    if (page.result == LOOKUP_FOUND)
        want(page.seen == 1 && page.receipt.item_count == 2 && page.receipt.status == 201 &&
             page.receipt.report_id.text[0] != '\0');
    want(page.result != LOOKUP_ABSENT || page.seen == 0);
    lookup_page_free(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned status[] = {0,   100, 200, 201, 202, 204, 301, 400, 401,
                                      404, 408, 413, 422, 425, 429, 500, 503, 504};
    if (size < 2)
        return 0;
    struct answer answer = {
        .end = (enum transport_end)((data[0] & 0x7f) % TRANSPORT_END_COUNT),
        .status = status[data[1] % (sizeof(status) / sizeof(status[0]))],
        .body = {(const char *)(const void *)(data + 2), size - 2},
        .all_sent = data[0] < 0x80,
        .date_unix_ms = 2,
    };
    for (size_t i = 0; i < profile_count; i++)
        fuzz_profile(&profile_table[i], &answer);
    fuzz_list(&answer);
    return 0;
}
