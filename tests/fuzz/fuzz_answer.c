/*
 * fuzz_answer.c - any body an endpoint may send, and what is made of it.
 *
 * The first byte picks how the transfer ended, the second the status; the rest is the body.
 * Whatever comes: a receipt is only kept where the verdict is `accepted`, and a batch is
 * accepted only on a whole 2xx answer.
 */

#include <stdint.h>
#include <stdlib.h>

#include "elrelay/core/decide/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(int holds)
{
    if (!holds)
        abort();
}

static void fuzz_profile(const struct profile *profile, const struct answer *answer)
{
    struct verdict verdict = verdict_of(profile, answer);
    int accepted = verdict.verdict == VERDICT_ACCEPTED;
    want(verdict.receipt.status == (accepted ? answer->status : 0));
    want(!accepted || (answer->end == TRANSPORT_ANSWERED && answer->status / 100 == 2));
    if (accepted && profile->acceptance == ACCEPT_REPORT_RECEIPT)
        want(verdict.receipt.report_id.text[0] != '\0' && verdict.receipt.errors == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned status[] = {0,   100, 200, 201, 202, 204, 301, 400, 401,
                                      404, 408, 413, 422, 425, 429, 500, 503, 504};
    if (size < 2)
        return 0;
    struct answer answer = {
        .end = (enum transport_end)(data[0] % TRANSPORT_END_COUNT),
        .status = status[data[1] % (sizeof(status) / sizeof(status[0]))],
        .body = {(const char *)(const void *)(data + 2), size - 2},
    };
    for (size_t i = 0; i < profile_count; i++)
        fuzz_profile(&profile_table[i], &answer);
    return 0;
}
