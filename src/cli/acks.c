/*
 * acks.c - `elrelay acks`: what senders are told, a line or a message at a time.
 *
 * Tracking ids and the endpoint's words are patient-related: they go to standard output, which
 * is what the command is for, and into no message.
 */

#include "cli/acks.h"

#include <unistd.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/say.h"
#include "elrelay/core/told/value.h"
#include "elrelay/edge/host/clock.h"
#include "elrelay/ground/time_text.h"

enum { ACKS_ID_MAX = 1024 * 1024 };

/* All the commands' routes, and what is asked of each. */
struct acks_call {
    struct acks acks;
    struct choice choice;
    const struct cli_call *call;
};

const char *acks_queue(const struct acks *acks)
{
    const char *inbox = keys_name(acks->keys, KEY_INBOX);
    return inbox ? inbox : keys_name(acks->keys, KEY_STREAM);
}

void acks_tell(struct acks *acks, const struct ack *ack)
{
    bool has_code = ack->acceptance != ACK_NONE;
    if (acks->only != ACK_NONE && acks->only != ack->acceptance &&
        acks->only != ack->application)
        return;
    if (!acks->as_hl7)
        ack_json(ack);
    else if (!ack_hl7(ack) && has_code)
        acks->nameless++;
    else if (!has_code)
        acks->untold++;
}

/* A time, a day of UTC, or how long ago. */
static bool acks_read_since(struct acks *acks, const char *text, struct fault *fault)
{
    char day[TIME_TEXT_MAX];
    uint64_t ago_ms = 0;
    uint64_t now_ms = clock_unix_ms();
    snprintf(day, sizeof(day), "%.10sT00:00:00Z", text);
    if (value_read_duration(slice_of(text), &ago_ms))
        acks->from_ms = now_ms > ago_ms ? now_ms - ago_ms : 0;
    else if (!time_text_read(slice_of(text), &acks->from_ms) &&
             (strlen(text) != 10 || !time_text_read(slice_of(day), &acks->from_ms)))
        return fault_set(
            fault, FAULT_USAGE,
            "--since wants a time, as 2026-11-22T03:04:05Z or 2026-11-22 (UTC), or "
            "how long ago, as 2h");
    return true;
}

static bool acks_read_options(struct acks *acks, const struct cli_call *call,
                              struct fault *fault)
{
    const char *since = call->values[OPTION_SINCE];
    const char *format = call->values[OPTION_FORMAT];
    const char *code = call->values[OPTION_CODE];
    if (!since == (call->operand_count == 0))
        return fault_set(fault, FAULT_USAGE, "`acks` wants --since TIME, or RESULT_ID...");
    acks->as_hl7 = format && strcmp(format, "hl7") == 0;
    for (int i = ACK_NONE + 1; code && i < ACK_COUNT; i++)
        if (strcmp(code, ack_word((enum ack_code)i)) == 0)
            acks->only = (enum ack_code)i;
    return !since || acks_read_since(acks, since, fault);
}

static bool acks_all(struct acks *acks, struct fault *fault)
{
    bool done = acks_note_refused(acks, fault) && acks_read_exceptions(acks, fault) &&
                acks_read_letters(acks, fault) && acks_read_batches(acks, fault);
    acks_forget_refused(acks);
    return done;
}

static bool acks_route(struct acks *acks, const struct slice *id, struct fault *fault)
{
    struct keys keys;
    keys_init(&keys, acks->route);
    acks->keys = &keys;
    bool done = session_aim(acks->session, &keys, fault) &&
                (id ? acks_read_given(acks, *id, fault) : acks_all(acks, fault));
    acks->keys = NULL;
    keys_free(&keys);
    return done;
}

/* In all routes that send reports; id NULL: of all events. One that is known in any is known.
 */
static bool acks_routes(struct acks_call *of, const struct slice *id, struct fault *fault)
{
    struct acks *acks = &of->acks;
    uint64_t unknown = acks->unknown;
    size_t asked = 0;
    for (size_t i = 0; i < of->choice.count; i++) {
        acks->route = &of->choice.routes[i];
        if (acks->route->type == ROUTE_FORWARD)
            continue;
        if (!acks_route(acks, id, fault))
            return false;
        asked++;
    }
    bool is_unknown = id && acks->unknown - unknown == asked;
    acks->unknown = unknown + is_unknown;
    if (is_unknown)
        acks_tell(acks, &(struct ack){.route = "", .queue = "", .id = *id, .state = "unknown"});
    return true;
}

static bool acks_lines(struct acks_call *of, struct fault *fault)
{
    struct lines lines;
    struct slice line;
    enum lines_result got = LINES_ONE;
    bool done = true;
    lines_init(&lines, STDIN_FILENO, ACKS_ID_MAX);
    while (done && (got = lines_next(&lines, &line, fault)) == LINES_ONE) {
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        done = lines_is_blank(line) || acks_routes(of, &line, fault);
    }
    lines_free(&lines);
    return done && got == LINES_END;
}

static bool acks_given(struct acks_call *of, struct fault *fault)
{
    const struct cli_call *call = of->call;
    if (call->operand_count == 1 && strcmp(call->operands[0], "-") == 0)
        return acks_lines(of, fault);
    bool done = true;
    for (size_t i = 0; done && i < call->operand_count; i++) {
        struct slice id = slice_of(call->operands[i]);
        done = id.len > 0 ? acks_routes(of, &id, fault)
                          : fault_set(fault, FAULT_USAGE, "RESULT_ID is empty");
    }
    return done;
}

static bool acks_end(const struct acks *acks, struct fault *fault)
{
    char text[SAY_MAX];
    if (acks->nameless > 0)
        fprintf(stderr, "%s without a tracking id that is known: no message for these\n",
                say_count(text, acks->nameless, "event", "s"));
    if (acks->untold > acks->unknown)
        fprintf(stderr, "%s without a code as yet: no message for these\n",
                say_count(text, acks->untold - acks->unknown, "event", "s"));
    return acks->unknown == 0 || fault_set(fault, FAULT_GENERAL, "nothing is known of %s",
                                           say_count(text, acks->unknown, "event", "s"));
}

bool acks_give(const struct cli_call *call, struct fault *fault)
{
    struct acks_call of = {.call = call};
    if (!acks_read_options(&of.acks, call, fault) || !choice_read(&of.choice, call, fault))
        return false;
    of.acks.session = session_open(&of.choice, fault);
    bool done = of.acks.session != NULL &&
                (call->operand_count > 0 ? acks_given(&of, fault)
                                         : acks_routes(&of, NULL, fault));
    session_close(of.acks.session);
    choice_free(&of.choice);
    return done && acks_end(&of.acks, fault);
}
