/*
 * report_say.c - a day's sums for a person, as CSV and as JSON.
 */

#include <inttypes.h>
#include <stdio.h>

#include "cli/report.h"
#include "cli/say.h"

static uint64_t report_dead(const struct report *report)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < REASON_COUNT; i++)
        sum += report->dead[i];
    return sum;
}

static const char *report_reason(size_t reason)
{
    return reason ? reason_word((enum reason)reason) : "other";
}

void report_say(const struct report *report)
{
    char batches[SAY_MAX];
    char events[SAY_MAX];
    printf("%s, %s (UTC):\n", report->route, report->day);
    for (size_t i = 0; i < REPORT_COUNT; i++) {
        const struct report_sum *sum = &report->sums[i];
        if (i > REPORT_ACCEPTED && sum->batches + sum->events == 0)
            continue;
        say_count(events, sum->events, "event", "s");
        if (report_rows[i].counts_batches)
            printf("  %-20s %s, %s\n", report_rows[i].label,
                   say_count(batches, sum->batches, "batch", "es"), events);
        else
            printf("  %-20s %s\n", report_rows[i].label, events);
    }
    printf("  %-20s %s\n", "set aside", say_count(events, report_dead(report), "event", "s"));
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (report->dead[i] > 0)
            printf("    %-18s %s\n", report_reason(i), say_number(events, report->dead[i]));
}

void report_csv_head(void)
{
    printf("route,day,outcome,batches,events\n");
}

void report_csv(const struct report *report)
{
    for (size_t i = 0; i < REPORT_COUNT; i++) {
        const struct report_sum *sum = &report->sums[i];
        printf("%s,%s,%s,", report->route, report->day, report_rows[i].word);
        if (report_rows[i].counts_batches)
            printf("%" PRIu64, sum->batches);
        printf(",%" PRIu64 "\n", sum->events);
    }
    printf("%s,%s,dead,,%" PRIu64 "\n", report->route, report->day, report_dead(report));
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (report->dead[i] > 0)
            printf("%s,%s,dead:%s,,%" PRIu64 "\n", report->route, report->day, report_reason(i),
                   report->dead[i]);
}

void report_json(const struct report *report, struct json_out *out)
{
    json_out_begin_object(out, NULL);
    json_out_text(out, "route", slice_of(report->route));
    json_out_text(out, "day", slice_of(report->day));
    for (size_t i = 0; i < REPORT_COUNT; i++) {
        json_out_begin_object(out, report_rows[i].word);
        if (report_rows[i].counts_batches)
            json_out_number(out, "batches", report->sums[i].batches);
        json_out_number(out, "events", report->sums[i].events);
        json_out_end_object(out);
    }
    json_out_number(out, "dead", report_dead(report));
    json_out_begin_object(out, "dead_by_reason");
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (report->dead[i] > 0)
            json_out_number(out, report_reason(i), report->dead[i]);
    json_out_end_object(out);
    json_out_end_object(out);
}
