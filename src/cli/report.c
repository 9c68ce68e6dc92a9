/*
 * report.c - `elrelay report`: what became of a day, from receipts alone.
 */

#include "cli/report.h"

#include <stdio.h>
#include <string.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "elrelay/edge/host/clock.h"
#include "elrelay/ground/time_text.h"

/* A whole day, of UTC, that has begun. */
static bool report_read_day(const struct cli_call *call, struct report *report,
                            struct fault *fault)
{
    char text[TIME_TEXT_MAX];
    report->day = call->values[OPTION_DAY];
    if (!report->day)
        return fault_set(fault, FAULT_USAGE, "`report` needs --day YYYY-MM-DD");
    snprintf(text, sizeof(text), "%.*sT00:00:00Z", REPORT_DAY_LEN, report->day);
    if (strlen(report->day) != REPORT_DAY_LEN ||
        !time_text_read(slice_of(text), &report->from_ms))
        return fault_set(fault, FAULT_USAGE,
                         "--day wants a day that there is, as 2026-11-22 (UTC)");
    if (report->from_ms > clock_unix_ms())
        return fault_set(fault, FAULT_USAGE, "--day %s is in the future (UTC)", report->day);
    return true;
}

/* Nothing of that day is known any more. */
static bool report_is_forgotten(const struct report *report, const struct route_conf *route,
                                struct fault *fault)
{
    char keep[TIME_TEXT_MAX];
    if (report->from_ms + REPORT_DAY_MS + route->receipts.keep_ms > clock_unix_ms())
        return false;
    time_text_write_duration(keep, route->receipts.keep_ms);
    fault_set(fault, FAULT_GENERAL,
              "route %s keeps receipts for %s (receipts.keep): it has none of %s", route->name,
              keep, report->day);
    return true;
}

static void report_tell(const struct report *report, const struct cli_call *call,
                        struct json_out *out)
{
    if (call->values[OPTION_JSON])
        report_json(report, out);
    else if (call->values[OPTION_CSV])
        report_csv(report);
    else
        report_say(report);
}

static bool report_route(struct report report, const struct route_conf *route,
                         const struct cli_call *call, struct json_out *out, struct fault *fault)
{
    struct keys keys;
    keys_init(&keys, route);
    report.route = route->name;
    report.keys = &keys;
    bool done = session_aim(report.session, &keys, fault) && report_read(&report, fault);
    if (done)
        report_tell(&report, call, out);
    keys_free(&keys);
    return done;
}

/* Among several, one whose receipts are gone is left out, and said so: exceptions that were
 * forwarded are kept for a day. */
static bool report_routes(const struct report *report, const struct choice *choice,
                          const struct cli_call *call, struct json_out *out,
                          struct fault *fault)
{
    size_t left_out = 0;
    for (size_t i = 0; i < choice->count; i++) {
        const struct route_conf *route = &choice->routes[i];
        bool is_forgotten = report_is_forgotten(report, route, fault);
        if (is_forgotten && choice->count > 1)
            fprintf(stderr, "%s\n", fault->text);
        else if (is_forgotten || !report_route(*report, route, call, out, fault))
            return false;
        left_out += is_forgotten;
    }
    return left_out < choice->count ||
           fault_set(fault, FAULT_GENERAL, "no route has receipts of %s", report->day);
}

bool report_day(const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    struct say_json json = {0};
    struct report report = {0};
    if (call->values[OPTION_JSON] && call->values[OPTION_CSV])
        return fault_set(fault, FAULT_USAGE, "`report` wants one of --csv and --json");
    if (!report_read_day(call, &report, fault) || !choice_read(&choice, call, fault))
        return false;
    say_json_begin_routes(&json);
    report.session = session_open(&choice, fault);
    bool done = report.session != NULL;
    if (done && call->values[OPTION_CSV])
        report_csv_head();
    done = done && report_routes(&report, &choice, call, &json.out, fault);
    say_json_end_routes(&json, done && call->values[OPTION_JSON]);
    session_close(report.session);
    choice_free(&choice);
    return done;
}
