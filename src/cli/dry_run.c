/*
 * dry_run.c - `elrelay flush --dry-run`: the encoder over what waits, within the limits of a
 * batch.
 */

#include "cli/dry_run.h"

#include "cli/flush.h"
#include "cli/say.h"
#include "cli/waiting.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"

enum { DRY_BATCHES_MAX = 100000 };

static bool dry_run_is_fixed(const struct dry_run *run)
{
    return run->route->format.header == HEADER_FIXED;
}

size_t dry_run_column_count(const struct dry_run *run)
{
    return dry_run_is_fixed(run) ? run->route->format.column_count : run->encoder.columns.count;
}

struct slice dry_run_column(const struct dry_run *run, size_t column)
{
    return dry_run_is_fixed(run) ? slice_of(run->route->format.columns[column].name)
                                 : columns_name(&run->encoder.columns, column);
}

/* Shows what has come together, and makes room for the next batch. */
static void dry_run_seal(struct dry_run *run)
{
    if (run->batch.events > 0) {
        struct slice body = encoder_finish(&run->encoder);
        run->batch.bytes = body.len;
        crypto_sha256(body, run->batch.sha256);
    }
    run->batches++;
    dry_run_say_batch(run);
    run->batch = (struct dry_batch){0};
    encoder_clear(&run->encoder);
}

static void dry_run_set_aside(struct dry_run *run, enum reason reason)
{
    run->batch.invalid++;
    run->batch.reasons[reason]++;
}

/* As a daemon guesses it (form.c): bodies stay below what the endpoint has taught. */
static bool dry_run_is_at_limit(const struct dry_run *run, const struct event *event)
{
    return run->found.limit_bytes && run->batch.events &&
           encoder_size(&run->encoder) + event->bytes.len > run->found.limit_bytes;
}

static enum encode_result dry_run_encode(struct dry_run *run, const struct event *event)
{
    struct blame blame = {.reason = event->gone ? REASON_GONE : REASON_NO_EVENT};
    enum encode_result result = ENCODE_INVALID;
    if (event->has_bytes && dry_run_is_at_limit(run, event))
        return ENCODE_FULL;
    if (event->has_bytes)
        result = encoder_add(&run->encoder, event->bytes, &blame);
    run->batch.events += result == ENCODE_TAKEN;
    if (result == ENCODE_INVALID)
        dry_run_set_aside(run, blame.reason);
    return result;
}

/* False: the batches that were asked for are full, and more waits. */
static bool dry_run_on_event(void *ctx, const struct event *event)
{
    struct dry_run *run = ctx;
    if (run->batch.events >= run->route->batch.max_events)
        dry_run_seal(run);
    run->more = run->batches == run->most;
    if (run->more || dry_run_encode(run, event) != ENCODE_FULL)
        return !run->more;
    dry_run_seal(run);
    run->more = run->batches == run->most;
    if (!run->more)
        dry_run_encode(run, event); /* into an empty one, so that it is not full again */
    return !run->more;
}

static bool dry_run_read(struct dry_run *run, struct session *session, struct fault *fault)
{
    struct keys keys;
    keys_init(&keys, run->route);
    struct waiting waiting = {.session = session,
                              .keys = &keys,
                              .forwards = run->route->type == ROUTE_FORWARD,
                              .most = SIZE_MAX,
                              .on_event = dry_run_on_event,
                              .ctx = run};
    bool done = waiting_each(&waiting, fault);
    if (done && run->batch.events + run->batch.invalid > 0)
        dry_run_seal(run);
    keys_free(&keys);
    return done;
}

static bool dry_run_route(struct dry_run *run, struct session *session, struct fault *fault)
{
    run->batch = (struct dry_batch){0};
    run->batches = 0;
    run->more = false;
    encoder_init(&run->encoder, &run->route->format, run->route->batch.max_bytes);
    bool done = survey_read(session, run->route, &run->found, fault) &&
                dry_run_say_route(run, fault) && dry_run_read(run, session, fault);
    if (done)
        dry_run_say_rest(run);
    encoder_free(&run->encoder);
    return done;
}

static bool dry_run_read_batches(const struct cli_call *call, size_t *most, struct fault *fault)
{
    const char *text = call->values[OPTION_BATCHES];
    uint64_t number = 1;
    if (text &&
        (!number_read_u64(slice_of(text), &number) || number == 0 || number > DRY_BATCHES_MAX))
        return fault_set(fault, FAULT_USAGE, "--batches must be 1 to %d", DRY_BATCHES_MAX);
    *most = (size_t)number;
    return true;
}

bool flush_dry_run(const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    struct say_json json = {0};
    struct dry_run *run = mem_zalloc(sizeof(*run));
    if (!dry_run_read_batches(call, &run->most, fault) || !choice_read(&choice, call, fault)) {
        mem_free(run);
        return false;
    }
    run->json = call->values[OPTION_JSON] ? &json.out : NULL;
    say_json_begin_routes(&json);
    struct session *session = session_open(&choice, fault);
    bool done = session != NULL;
    for (size_t i = 0; done && i < choice.count; i++) {
        run->route = &choice.routes[i];
        done = dry_run_route(run, session, fault);
    }
    say_json_end_routes(&json, done && run->json);
    session_close(session);
    choice_free(&choice);
    mem_free(run);
    return done;
}
