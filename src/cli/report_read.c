/*
 * report_read.c - a day's sums, some receipts a call.
 *
 * A batch is finished no earlier than anything that became of it, so those that were finished
 * before the day are not looked at.
 */

#include <stdio.h>

#include "cli/batch_page.h"
#include "cli/report.h"
#include "elrelay/ground/mem.h"

enum { REPORT_OWN_ARGS = 5, REPORT_NUMBER_MAX = 24 };

#define REPORT_ROW(name, word, label, batches) {word, label, batches},
const struct report_row report_rows[REPORT_COUNT] = {REPORT_LIST(REPORT_ROW)};

/* {word, batches, events} */
static void report_take(struct report *report, const redisReply *row)
{
    if (row->type != REDIS_REPLY_ARRAY || row->elements < 3)
        return;
    struct slice word = reply_text(row->element[0]);
    struct report_sum sum = {reply_number(row->element[1]), reply_number(row->element[2])};
    for (size_t i = 0; i < REPORT_COUNT; i++) {
        if (!slice_is_text(word, report_rows[i].word))
            continue;
        report->sums[i].batches += sum.batches;
        report->sums[i].events += sum.events;
        return;
    }
    struct slice dead = SLICE("dead:");
    if (slice_is(slice_part(word, 0, dead.len), dead))
        report->dead[reason_of_word(slice_part(word, dead.len, word.len))] += sum.events;
}

static void report_on_rows(void *ctx, const redisReply *reply)
{
    for (size_t i = 1; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        report_take(ctx, reply->element[i]);
}

static bool report_ask(struct report *report, const struct batch_page *page,
                       struct fault *fault)
{
    char from[REPORT_NUMBER_MAX];
    char to[REPORT_NUMBER_MAX];
    snprintf(from, sizeof(from), "%llu", (unsigned long long)report->from_ms);
    snprintf(to, sizeof(to), "%llu", (unsigned long long)(report->from_ms + REPORT_DAY_MS));
    struct slice args[REPORT_OWN_ARGS + BATCH_PAGE_MAX] = {slice_of(keys_prefix(report->keys)),
                                                           SLICE(""), SLICE(""), slice_of(from),
                                                           slice_of(to)};
    for (size_t i = 0; i < page->count; i++)
        args[REPORT_OWN_ARGS + i] = slice_of(page->ids[i].text);
    return page->count == 0 ||
           session_ask(
               report->session,
               &(struct question){.script = "report",
                                  SESSION_KEYS(slice_of(keys_name(report->keys, KEY_STREAM))),
                                  .args = args,
                                  .count = REPORT_OWN_ARGS + page->count,
                                  .doing = "sum up the receipts",
                                  .use = report_on_rows,
                                  .ctx = report},
               fault);
}

/* The open ones that were counted. */
struct report_seen {
    struct uuid *ids;
    size_t count;
};

static void report_note(struct report_seen *seen, const struct batch_page *page)
{
    seen->ids = mem_resize(seen->ids, seen->count + page->count + 1, sizeof(*seen->ids));
    for (size_t i = 0; i < page->count; i++)
        seen->ids[seen->count++] = page->ids[i];
}

/* One that was finished meanwhile is not counted again. */
static void report_leave_out(const struct report_seen *seen, struct batch_page *page)
{
    size_t left = 0;
    for (size_t i = 0; i < page->count; i++) {
        size_t at = 0;
        while (at < seen->count && !uuid_is(&seen->ids[at], &page->ids[i]))
            at++;
        if (at == seen->count)
            page->ids[left++] = page->ids[i];
    }
    page->count = left;
}

bool report_read(struct report *report, struct fault *fault)
{
    struct batch_page page;
    struct report_seen seen = {0};
    bool done = true;
    batch_page_begin(&page, report->keys, KEY_OPEN, false);
    while (done && !page.is_last) {
        done = batch_page_next(&page, report->session, fault);
        report_leave_out(&seen, &page);
        report_note(&seen, &page);
        done = done && report_ask(report, &page, fault);
    }
    batch_page_begin_since(&page, report->keys, KEY_DONE, report->from_ms);
    while (done && !page.is_last) {
        done = batch_page_next(&page, report->session, fault);
        report_leave_out(&seen, &page);
        done = done && report_ask(report, &page, fault);
    }
    mem_free(seen.ids);
    return done;
}
