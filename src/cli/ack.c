/*
 * ack.c - codes and reasons as rows, and an acknowledgment as JSON.
 */

#include "cli/ack.h"

#include "cli/say.h"
#include "elrelay/ground/time_text.h"

#define ACK_WORD(name, word) [ACK_##name] = word,
static const char *const ack_words[ACK_COUNT] = {[ACK_NONE] = "", ACK_LIST(ACK_WORD)};

/* Those that the endpoint gave, and those that are no fault of the event; all others are what
 * we could not convert. */
static const struct {
    enum reason reason;
    enum ack_code acceptance;
    enum ack_code application;
} ack_reasons[] = {
    {REASON_REFUSED, ACK_CR, ACK_AR},         {REASON_REFUSED_ALONE, ACK_CR, ACK_AR},
    {REASON_TOO_LARGE_ALONE, ACK_CR, ACK_AR}, {REASON_GONE, ACK_CE, ACK_NONE},
    {REASON_POISON, ACK_CE, ACK_NONE},        {REASON_TERMINATED, ACK_CE, ACK_NONE},
};

const char *ack_word(enum ack_code code)
{
    return ack_words[code];
}

void ack_of_reason(struct ack *ack, enum reason reason)
{
    ack->reason = reason;
    ack->acceptance = ACK_CR;
    ack->application = ACK_NONE;
    for (size_t i = 0; i < sizeof(ack_reasons) / sizeof(ack_reasons[0]); i++) {
        if (ack_reasons[i].reason != reason)
            continue;
        ack->acceptance = ack_reasons[i].acceptance;
        ack->application = ack_reasons[i].application;
    }
}

static void ack_json_code(struct json_out *out, const char *key, enum ack_code code)
{
    if (code == ACK_NONE)
        json_out_null(out, key);
    else
        json_out_text(out, key, slice_of(ack_word(code)));
}

static void ack_json_errors(struct json_out *out, const struct ack *ack)
{
    json_out_begin_array(out, "errors");
    for (size_t i = 0; i < ack->error_count; i++) {
        json_out_begin_object(out, NULL);
        json_out_bool(out, "is_error", ack->errors[i].is_error);
        json_out_text(out, "details", ack->errors[i].details);
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

void ack_json(const struct ack *ack)
{
    struct say_json json;
    char time[TIME_TEXT_MAX];
    say_json_begin(&json);
    json_out_begin_object(&json.out, NULL);
    json_out_text(&json.out, "route", slice_of(ack->route));
    if (ack->id.len > 0)
        json_out_text(&json.out, "tracking_id", ack->id);
    else
        json_out_null(&json.out, "tracking_id");
    time_text_write(time, ack->at_ms);
    if (ack->at_ms > 0)
        json_out_text(&json.out, "time", slice_of(time));
    ack_json_code(&json.out, "acceptance", ack->acceptance);
    ack_json_code(&json.out, "application", ack->application);
    if (ack->state)
        json_out_text(&json.out, "state", slice_of(ack->state));
    if (ack->reason != REASON_NONE) {
        json_out_text(&json.out, "reason", slice_of(reason_word(ack->reason)));
        json_out_text(&json.out, "sentence", slice_of(reason_sentence(ack->reason)));
    }
    ack_json_errors(&json.out, ack);
    json_out_end_object(&json.out);
    say_json_end(&json, true);
}
