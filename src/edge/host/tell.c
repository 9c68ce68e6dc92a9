/*
 * tell.c - one line per batch outcome, none per event.
 *
 * Each kind of news has its level and the fields that belong to it: ids, counts, words of our
 * own tables.
 */

#include "tell.h"

#include "elrelay/core/decide/circuit.h"

enum { TELL_FIELDS_MAX = 12 };

struct line {
    struct log_field fields[TELL_FIELDS_MAX];
    size_t count;
};

static void line_add(struct line *line, struct log_field field)
{
    if (line->count < TELL_FIELDS_MAX)
        line->fields[line->count++] = field;
}

static void line_add_answer(struct line *line, const struct told *told)
{
    line_add(line, log_word("verdict", verdict_word(told->verdict->verdict)));
    line_add(line, log_word("transport", transport_end_word(told->answer->end)));
    line_add(line, log_number("status", told->answer->status));
    line_add(line, log_number("ms", told->answer->took_ms));
    line_add(line, log_number("attempt", told->batch->manifest.attempts));
    line_add(line, log_number("bytes", told->batch->manifest.bytes));
}

static void line_add_letters(struct line *line, const struct batch *batch)
{
    const struct letter *first = &batch->letters[0];
    line_add(line, log_word("first_reason", reason_word(first->blame.reason)));
    if (first->blame.column)
        line_add(line, log_number("first_column", first->blame.column));
}

static void line_add_cycle(struct line *line, const struct cycle *cycle)
{
    line_add(line, log_number("batches", cycle->batches));
    line_add(line, log_number("accepted", cycle->accepted));
    line_add(line, log_number("unreported", cycle->unreported));
    line_add(line, log_number("dead", cycle->dead));
    line_add(line, log_number("kept", cycle->kept));
    line_add(line, log_number("paused", cycle->paused));
}

/* A refusal that only a person can mend, against one that heals by itself. */
static enum log_level tell_answer_level(enum verdict_class verdict)
{
    switch (verdict) {
    case VERDICT_ACCEPTED:
        return LOG_INFO;
    case VERDICT_BUSY:
    case VERDICT_NOT_SENT:
    case VERDICT_UNKNOWN:
    case VERDICT_ITEMS:
    case VERDICT_THERE:
        return LOG_WARN;
    case VERDICT_ROWS:
    case VERDICT_FILE:
    case VERDICT_TOO_LARGE:
    case VERDICT_AUTH:
    case VERDICT_MISDIRECTED:
    case VERDICT_CLASS_COUNT:
        return LOG_ERROR;
    }
    return LOG_ERROR;
}

static enum log_level tell_level(const struct told *told, const struct cycle *cycle)
{
    switch (told->kind) {
    case TOLD_ANSWERED:
        return tell_answer_level(told->verdict->verdict);
    case TOLD_SEALED:
    case TOLD_ACCEPTED:
    case TOLD_DONE:
    case TOLD_ABANDONED:
        return LOG_DEBUG;
    case TOLD_TICK_DONE:
        return cycle->batches || cycle->unreported || cycle->dead || cycle->kept ? LOG_INFO
                                                                                 : LOG_DEBUG;
    case TOLD_UNREPORTED:
    case TOLD_LOOKED:
    case TOLD_ADOPTED:
        return LOG_INFO;
    case TOLD_WAITING:
    case TOLD_REAPPEARED:
    case TOLD_DEAD:
    case TOLD_SPLIT:
    case TOLD_STUCK:
    case TOLD_VANISHED:
        return LOG_WARN;
    case TOLD_CIRCUIT:
        return strcmp(told->word, circuit_word(CIRCUIT_OPEN)) == 0 ? LOG_ERROR : LOG_INFO;
    case TOLD_HELD:
    case TOLD_COUNT_DIFFERS:
    case TOLD_KIND_COUNT:
        return LOG_ERROR;
    }
    return LOG_ERROR;
}

/* Where the news is what the batch waits for, or whose it is now. */
static bool tell_has_state(enum told_kind kind)
{
    return kind == TOLD_WAITING || kind == TOLD_ADOPTED;
}

static void line_add_counts(struct line *line, const struct told *told)
{
    const struct batch *batch = told->batch;
    if (batch && told->kind == TOLD_UNREPORTED)
        line_add(line, log_number("bytes", batch->manifest.bytes));
    if (told->kind == TOLD_SPLIT) {
        line_add(line, log_number("dead", told->dead));
        line_add(line, log_number("there", told->there));
    }
    if (batch && told->kind == TOLD_DEAD && batch->letter_count)
        line_add_letters(line, batch);
}

static void line_fill(struct line *line, const struct relay *relay, const struct told *told)
{
    const struct batch *batch = told->batch;
    if (batch)
        line_add(line, log_id("batch", &batch->manifest.id));
    if (told->kind == TOLD_TICK_DONE) {
        line_add_cycle(line, relay_last_cycle(relay));
        return;
    }
    if (told->kind == TOLD_STUCK)
        line_add(line, log_word("act", act_word(told->act)));
    else if (batch)
        line_add(line, log_number("events", told->count));
    if (told->word)
        line_add(line, log_word("word", told->word));
    if (told->why)
        line_add(line, log_word("why", told->why));
    if (batch && told->verdict)
        line_add_answer(line, told);
    line_add_counts(line, told);
    if (batch && tell_has_state(told->kind))
        line_add(line, log_word("state", flow_state_word(batch->manifest.state)));
    if (told->kind == TOLD_WAITING || told->kind == TOLD_STUCK)
        line_add(line, log_number("retry_ms", told->delay_ms));
}

void tell_log(const char *route, const struct relay *relay, const struct told *told)
{
    struct line line = {0};
    line_add(&line, log_word("route", route));
    line_fill(&line, relay, told);
    log_fields(tell_level(told, relay_last_cycle(relay)), told_word(told->kind), line.fields,
               line.count);
}
