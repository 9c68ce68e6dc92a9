/*
 * trace.c - `elrelay trace`: what became of one event.
 *
 * Its tracking id is patient-related: no message and no key has it.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/say.h"
#include "cli/trail.h"
#include "elrelay/ground/mem.h"

enum { TRACE_ID_MAX = 1024 * 1024 };

struct trace {
    char *id;
    size_t id_len;
    struct session *session;
    struct json_out *json; /* NULL: for a person */
    size_t steps;          /* in all routes */
    uint64_t blind;
};

static bool trace_read_id_line(struct trace *trace, struct fault *fault)
{
    struct lines lines;
    struct slice line = SLICE("");
    lines_init(&lines, STDIN_FILENO, TRACE_ID_MAX);
    enum lines_result got = lines_next(&lines, &line, fault);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    trace->id = mem_copy_text(line.ptr, line.len);
    trace->id_len = line.len;
    lines_free(&lines);
    return got != LINES_FAILED;
}

static bool trace_read_id(struct trace *trace, const struct cli_call *call, struct fault *fault)
{
    const char *given = call->operands[0];
    if (strcmp(given, "-") == 0) {
        if (!trace_read_id_line(trace, fault))
            return false;
    } else {
        trace->id_len = strlen(given);
        trace->id = mem_copy_text(given, trace->id_len);
    }
    return trace->id_len > 0 ||
           fault_set(fault, FAULT_USAGE, "RESULT_ID is empty; many events may have none");
}

static bool trace_tell(const struct trace *trace, const struct trail *trail,
                       const struct keys *keys, struct fault *fault)
{
    if (!trace->json)
        return trail_say(trail, trace->session, keys, fault);
    json_out_begin_object(trace->json, NULL);
    bool done = trail_json(trail, trace->json, trace->session, keys, fault);
    json_out_end_object(trace->json);
    return done;
}

static bool trace_route(struct trace *trace, const struct route_conf *route,
                        struct fault *fault)
{
    struct keys keys;
    struct trail trail = {.route = route, .id = {trace->id, trace->id_len}};
    keys_init(&keys, route);
    bool done = !route->format.tracking_id ||
                (session_aim(trace->session, &keys, fault) &&
                 trail_read(&trail, trace->session, &keys, fault));
    trace->steps += trail.count;
    trace->blind += trail.blind;
    done = done && trace_tell(trace, &trail, &keys, fault);
    trail_free(&trail);
    keys_free(&keys);
    return done;
}

static bool trace_routes(struct trace *trace, const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    struct say_json json = {0};
    if (!choice_read(&choice, call, fault))
        return false;
    trace->json = call->values[OPTION_JSON] ? &json.out : NULL;
    say_json_begin_routes(&json);
    trace->session = session_open(&choice, fault);
    bool done = trace->session != NULL;
    for (size_t i = 0; done && i < choice.count; i++)
        done = trace_route(trace, &choice.routes[i], fault);
    say_json_end_routes(&json, done && trace->json);
    trace->json = NULL;
    session_close(trace->session);
    choice_free(&choice);
    return done;
}

bool trace_event(const struct cli_call *call, struct fault *fault)
{
    struct trace trace = {0};
    bool done = trace_read_id(&trace, call, fault) && trace_routes(&trace, call, fault);
    mem_free(trace.id);
    if (done && trace.steps == 0)
        return fault_set(fault, FAULT_GENERAL, "nothing is known of this event%s",
                         trace.blind ? "; it cannot be told of all batches" : "");
    return done;
}
