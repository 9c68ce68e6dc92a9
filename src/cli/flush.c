/*
 * flush.c - `elrelay flush`.
 *
 * Routes with a live daemon are asked all at once and waited for in turn. What is left has no
 * daemon, or one that died over it: that cycle runs here.
 */

#include "cli/flush.h"

#include <stdio.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/run.h"
#include "cli/say.h"
#include "cli/trouble.h"
#include "elrelay/ground/mem.h"

struct flush {
    struct choice choice;
    const char *conf_path;
    struct flush_route *routes; /* as many as chosen */
    struct progress progress;   /* of what runs in this process */
    uint64_t accepted;
    int exit_code;
    char outcome[OUTCOME_TEXT_MAX]; /* of the batch that moved last and is still here */
};

static void flush_on_cycle(void *ctx, const char *route, const struct cycle *cycle)
{
    struct flush *flush = ctx;
    for (size_t i = 0; i < flush->choice.count; i++)
        if (strcmp(flush->choice.routes[i].name, route) == 0) {
            flush->routes[i].answers++;
            flush_add(&flush->routes[i].cycle, cycle);
        }
}

static void flush_on_accepted(void *ctx, uint64_t events)
{
    struct flush *flush = ctx;
    flush->accepted += events;
    progress_show(&flush->progress, flush->accepted, flush->accepted);
}

/* One cycle in this process: of what is meant by a name, or of all. */
static bool flush_run_here(struct flush *flush, const char *only_route, struct fault *fault)
{
    struct conf *conf = run_read_conf(flush->conf_path, fault);
    if (!conf)
        return false;
    run_open_log(&conf->log, LOG_WARN);
    struct daemon_setup setup = {.conf_path = flush->conf_path,
                                 .conf = conf,
                                 .once = true,
                                 .only_route = only_route,
                                 .on_cycle = flush_on_cycle,
                                 .on_accepted = flush_on_accepted,
                                 .ctx = flush};
    progress_begin(&flush->progress, only_route ? only_route : "flush", 0);
    int exit_code = daemon_run(&setup, fault);
    progress_end(&flush->progress);
    if (exit_code > flush->exit_code)
        flush->exit_code = exit_code;
    return fault->code == FAULT_NONE;
}

static bool flush_ask_daemons(struct flush *flush, struct fault *fault)
{
    struct session *session = session_open(&flush->choice, fault);
    bool done = session != NULL;
    for (size_t i = 0; done && i < flush->choice.count; i++)
        done = flush_ask(session, &flush->routes[i], fault);
    for (size_t i = 0; done && i < flush->choice.count; i++)
        done = flush_wait(session, &flush->routes[i], fault);
    session_close(session);
    return done;
}

static bool flush_is_left(const struct flush_route *route)
{
    return route->answers == 0 && route->refusals == 0;
}

static bool flush_run_the_rest(struct flush *flush, struct fault *fault)
{
    size_t left = 0;
    for (size_t i = 0; i < flush->choice.count; i++)
        left += flush_is_left(&flush->routes[i]);
    if (left == flush->choice.count)
        return flush_run_here(flush, flush->choice.name, fault);
    bool done = true;
    for (size_t i = 0; done && i < flush->choice.count; i++)
        if (flush_is_left(&flush->routes[i]))
            done = flush_run_here(flush, flush->choice.routes[i].name, fault);
    return done;
}

static void flush_say(const struct flush_route *route)
{
    const struct cycle *cycle = &route->cycle;
    char text[5][SAY_MAX];
    say_count(text[4], cycle->unreported, "event", "s");
    printf("%s: %s in %s accepted, %s set aside, %s kept%s%s%s%s%s%s\n", route->route->name,
           say_count(text[0], cycle->accepted, "event", "s"),
           say_count(text[1], cycle->batches, "batch", "es"), say_number(text[2], cycle->dead),
           say_number(text[3], cycle->kept), cycle->unreported ? "; " : "",
           cycle->unreported ? text[4] : "", cycle->unreported ? " not sent: profile none" : "",
           cycle->paused ? "; the route is paused" : "",
           cycle->pending ? "; a batch is held or in doubt" : "",
           cycle->stuck ? "; Redis refused, see the log" : "");
}

static void flush_json(struct json_out *out, const struct flush_route *route)
{
    json_out_begin_object(out, NULL);
    json_out_text(out, "route", slice_of(route->route->name));
    json_out_number(out, "batches", route->cycle.batches);
    json_out_number(out, "accepted", route->cycle.accepted);
    json_out_number(out, "unreported", route->cycle.unreported);
    json_out_number(out, "dead", route->cycle.dead);
    json_out_number(out, "kept", route->cycle.kept);
    json_out_bool(out, "paused", route->cycle.paused);
    json_out_bool(out, "pending", route->cycle.pending);
    json_out_bool(out, "stuck", route->cycle.stuck);
    json_out_bool(out, "refused", route->refusals > 0);
    json_out_end_object(out);
}

/* What the worst of it means. */
static bool flush_judge(const struct flush *flush, struct fault *fault)
{
    enum fault_code code = (enum fault_code)flush->exit_code;
    char why[OUTCOME_TEXT_MAX];
    outcome_say(why, slice_of(flush->outcome));
    if (code == FAULT_ENDPOINT)
        return fault_set(fault, code,
                         "the endpoint did not take everything; the rest is kept%s%s",
                         *why ? "; last outcome: " : "", why);
    if (code == FAULT_PENDING)
        return fault_set(fault, code, "a batch is held or in doubt; see `elrelay status`");
    if (code == FAULT_GENERAL)
        return fault_set(fault, code, "nothing was sent: paused; see `elrelay resume`");
    if (code != FAULT_NONE)
        return fault_set(fault, code, "Redis refused; see the log of the daemon");
    return true;
}

static void flush_say_trouble(const struct route_survey *found)
{
    char front[SAY_MAX];
    snprintf(front, sizeof(front), "%.60s: ", found->route->name);
    trouble_say_circuits(found, front);
    for (size_t at = 0; at < found->batch_count; at++)
        trouble_say_batch(&found->batches[at], front);
}

/* Why batches do not move, as far as it is known; what it is not is no fault of the flush. */
static void flush_look_for_trouble(struct flush *flush, bool as_json)
{
    uint64_t latest_ms = 0;
    struct fault ignored = {0};
    struct route_survey *found = mem_zalloc(sizeof(*found));
    struct session *session = session_open(&flush->choice, &ignored);
    for (size_t i = 0; session && i < flush->choice.count; i++) {
        if (!survey_read_trouble(session, &flush->choice.routes[i], found, &ignored))
            continue;
        if (!as_json)
            flush_say_trouble(found);
        for (size_t at = 0; at < found->batch_count; at++)
            if (found->batches[at].outcome[0] && found->batches[at].since_ms > latest_ms) {
                latest_ms = found->batches[at].since_ms;
                snprintf(flush->outcome, sizeof(flush->outcome), "%s",
                         found->batches[at].outcome);
            }
    }
    session_close(session);
    mem_free(found);
}

/* Prints what each route came to. */
static bool flush_report(struct flush *flush, bool as_json, struct fault *fault)
{
    struct say_json json = {0};
    size_t refusals = 0;
    say_json_begin_routes(&json);
    for (size_t i = 0; i < flush->choice.count; i++) {
        const struct flush_route *route = &flush->routes[i];
        int code = daemon_exit_code(&route->cycle);
        flush->exit_code = code > flush->exit_code ? code : flush->exit_code;
        refusals += route->refusals;
        flush_json(&json.out, route);
        if (!as_json && route->answers > 0)
            flush_say(route);
    }
    say_json_end_routes(&json, as_json);
    if (flush->exit_code != 0)
        flush_look_for_trouble(flush, as_json);
    if (refusals > 0)
        return fault_set(fault, FAULT_GENERAL,
                         "a daemon did not flush: it is stopping, or too many wait already");
    return flush_judge(flush, fault);
}

bool flush_routes(const struct cli_call *call, struct fault *fault)
{
    struct flush flush = {.conf_path = choice_conf_path(call)};
    if (call->values[OPTION_DRY_RUN])
        return flush_dry_run(call, fault);
    if (call->values[OPTION_BATCHES])
        return fault_set(fault, FAULT_USAGE, "--batches goes with --dry-run");
    if (!choice_read(&flush.choice, call, fault))
        return false;
    flush.routes = mem_zalloc_array(flush.choice.count, sizeof(*flush.routes));
    for (size_t i = 0; i < flush.choice.count; i++) {
        flush.routes[i].route = &flush.choice.routes[i];
        keys_init(&flush.routes[i].keys, &flush.choice.routes[i]);
    }
    bool done = flush_ask_daemons(&flush, fault) && flush_run_the_rest(&flush, fault) &&
                flush_report(&flush, call->values[OPTION_JSON], fault);
    for (size_t i = 0; i < flush.choice.count; i++)
        keys_free(&flush.routes[i].keys);
    mem_free(flush.routes);
    choice_free(&flush.choice);
    return done;
}
