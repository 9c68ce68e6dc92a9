/*
 * dry_run_say.c - a dry run for a person, and as JSON: names, counts and sizes, never a value
 * of an event or a secret.
 */

#include "cli/dry_run.h"

#include <stdio.h>

#include "cli/say.h"
#include "elrelay/core/told/settings.h"
#include "elrelay/edge/http/uplink.h"

enum { DRY_URL_MAX = 16 * 1024 };

static void dry_say_header(void *ctx, struct slice name, struct slice value)
{
    struct json_out *out = ctx;
    if (!out) {
        printf("  %.*s: %.*s\n", SLICE_ARG(name), SLICE_ARG(value));
        return;
    }
    json_out_begin_object(out, NULL);
    json_out_text(out, "name", name);
    json_out_text(out, "value", value);
    json_out_end_object(out);
}

static bool dry_say_headers(const struct dry_run *run, struct fault *fault)
{
    struct request_setup setup = {.endpoint = &run->route->endpoint,
                                  .content_type = run->route->format.format->content_type,
                                  .batch_id = "(id of the batch)"};
    if (run->json)
        json_out_begin_array(run->json, "headers");
    bool done = uplink_each_header(&setup, dry_say_header, run->json, fault);
    if (run->json)
        json_out_end_array(run->json);
    return done;
}

/* As `check` shows it: without its query. */
static void dry_write_url(const struct dry_run *run, struct buf *url)
{
    setting_write(setting_by_key(SETTING_ROUTE, SLICE("endpoint.url")), run->route, url);
}

static bool dry_say_request(const struct dry_run *run, struct fault *fault)
{
    struct buf url;
    buf_init(&url, DRY_URL_MAX);
    dry_write_url(run, &url);
    if (run->json) {
        json_out_text(run->json, "method", SLICE("POST"));
        json_out_text(run->json, "url", buf_slice(&url));
    } else {
        printf("%s: POST %s\n", run->route->name, buf_text(&url));
    }
    buf_free(&url);
    return dry_say_headers(run, fault);
}

bool dry_run_say_route(const struct dry_run *run, struct fault *fault)
{
    bool silent = run->route->endpoint.profile->sends_nothing;
    if (run->json) {
        json_out_begin_object(run->json, NULL);
        json_out_text(run->json, "route", slice_of(run->route->name));
        json_out_bool(run->json, "sends_nothing", silent);
    } else if (silent) {
        printf("%s: sends nothing (profile none)\n", run->route->name);
    }
    bool done = silent || dry_say_request(run, fault);
    if (run->json)
        json_out_begin_array(run->json, "batches");
    return done;
}

static void dry_json_batch(const struct dry_run *run)
{
    struct json_out *out = run->json;
    const struct dry_batch *batch = &run->batch;
    json_out_begin_object(out, NULL);
    json_out_number(out, "events", batch->events);
    json_out_number(out, "invalid", batch->invalid);
    json_out_begin_object(out, "invalid_by_reason");
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (batch->reasons[i] > 0)
            json_out_number(out, reason_word((enum reason)i), batch->reasons[i]);
    json_out_end_object(out);
    if (batch->events > 0) {
        json_out_number(out, "bytes", batch->bytes);
        json_out_text(out, "sha256", slice_of(batch->sha256));
        json_out_text(out, "content_type", slice_of(run->route->format.format->content_type));
        json_out_begin_array(out, "columns");
        for (size_t i = 0; i < dry_run_column_count(run); i++)
            json_out_text(out, NULL, dry_run_column(run, i));
        json_out_end_array(out);
    }
    json_out_end_object(out);
}

static void dry_say_body(const struct dry_run *run)
{
    char text[SAY_MAX];
    size_t columns = dry_run_column_count(run);
    printf("    size     %s (%s)\n", say_size(text, run->batch.bytes),
           run->route->format.format->content_type);
    printf("    sha256   %s\n", run->batch.sha256);
    if (columns == 0)
        return;
    printf("    columns  %s\n", say_number(text, columns));
    for (size_t i = 0; i < columns; i++) {
        printf("      ");
        say_bytes(dry_run_column(run, i));
    }
}

static void dry_say_invalid(const struct dry_batch *batch)
{
    char text[SAY_MAX];
    printf("    to be set aside: %s", say_number(text, batch->invalid));
    for (size_t i = 0, said = 0; i < REASON_COUNT; i++)
        if (batch->reasons[i] > 0)
            printf("%s%s %s", said++ ? ", " : ": ", reason_word((enum reason)i),
                   say_number(text, batch->reasons[i]));
    printf("\n");
}

void dry_run_say_batch(const struct dry_run *run)
{
    char text[SAY_MAX];
    if (run->json) {
        dry_json_batch(run);
        return;
    }
    printf("  batch %zu: %s\n", run->batches, say_count(text, run->batch.events, "event", "s"));
    if (run->batch.events > 0)
        dry_say_body(run);
    if (run->batch.invalid > 0)
        dry_say_invalid(&run->batch);
}

void dry_run_say_rest(const struct dry_run *run)
{
    const struct route_survey *found = &run->found;
    char text[SAY_MAX];
    if (run->json) {
        json_out_end_array(run->json);
        json_out_bool(run->json, "more", run->more);
        json_out_bool(run->json, "paused", found->paused);
        json_out_number(run->json, "open", found->open);
        json_out_number(run->json, "inbox", found->inbox);
        json_out_end_object(run->json);
        return;
    }
    if (run->batches == 0)
        printf("  nothing waits on the stream\n");
    if (run->more)
        printf("  more waits: --batches N shows more\n");
    if (found->open > 0)
        printf("  %s open, and not shown: see `elrelay batch list`\n",
               say_count(text, found->open, "batch", "es"));
    if (found->inbox > 0)
        printf("  %s in the inbox, and not shown\n",
               say_count(text, found->inbox, "event", "s"));
    if (found->paused)
        printf("  the route is paused: a flush sends nothing\n");
}
