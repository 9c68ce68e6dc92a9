/*
 * log.c - lines from a level, an event word and fields.
 *
 * One line is built in a buffer of its own with a ceiling; from the first field that does not
 * fit on the fields are left out whole.
 */

#include "elrelay/ground/log.h"

#include "elrelay/ground/buf.h"
#include "elrelay/ground/json_out.h"
#include "elrelay/ground/time_text.h"

enum { LOG_LINE_MAX = 4096, LOG_LINE_END_MAX = 2 /* "}" and LF, which always fit */ };

static struct log_sink log_sink;
static const char *const log_level_words[] = {"debug", "info", "warn", "error"};

void log_open(const struct log_sink *sink)
{
    log_sink = *sink;
}

void log_set_level(enum log_level level)
{
    log_sink.level = level;
}

static bool log_word_is_plain(const char *word)
{
    if (!*word)
        return false;
    for (; *word; word++)
        if (*word <= ' ' || *word == '"' || *word == '=' || *word == '\\' || *word == 0x7f)
            return false;
    return true;
}

static void log_add_word(struct buf *line, const char *word)
{
    if (log_word_is_plain(word)) {
        buf_add_text(line, word);
        return;
    }
    struct json_out out = {.buf = line};
    json_out_text(&out, NULL, slice_of(word));
}

static void log_add_text_field(struct buf *line, const struct log_field *field)
{
    buf_add_byte(line, ' ');
    buf_add_text(line, field->key);
    buf_add_byte(line, '=');
    if (field->word)
        log_add_word(line, field->word);
    else
        buf_add_number(line, field->number);
}

struct log_entry {
    char time[TIME_TEXT_MAX];
    enum log_level level;
    const char *event;
    const struct log_field *fields;
    size_t count;
};

static void log_make_text(struct buf *line, const struct log_entry *entry)
{
    buf_add_format(line, "%s %s %s", entry->time, log_level_words[entry->level], entry->event);
    for (size_t i = 0; i < entry->count; i++) {
        size_t before = line->len;
        log_add_text_field(line, &entry->fields[i]);
        if (line->full)
            buf_cut(line, before);
    }
    line->max = LOG_LINE_MAX;
}

static void log_add_json_field(struct json_out *out, const struct log_field *field)
{
    if (field->word)
        json_out_text(out, field->key, slice_of(field->word));
    else
        json_out_number(out, field->key, field->number);
}

static void log_make_json(struct buf *line, const struct log_entry *entry)
{
    struct json_out out = {.buf = line};
    json_out_begin_object(&out, NULL);
    json_out_text(&out, "time", slice_of(entry->time));
    json_out_text(&out, "level", slice_of(log_level_words[entry->level]));
    json_out_text(&out, "event", slice_of(entry->event));
    for (size_t i = 0; i < entry->count; i++) {
        size_t before = line->len;
        log_add_json_field(&out, &entry->fields[i]);
        if (line->full)
            buf_cut(line, before);
    }
    line->max = LOG_LINE_MAX;
    json_out_end_object(&out);
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count)
{
    if (!log_sink.write || level < log_sink.level)
        return;
    struct log_entry entry = {.level = level, .event = event, .fields = fields, .count = count};
    time_text_write(entry.time, log_sink.unix_ms(log_sink.ctx));
    struct buf line;
    buf_init(&line, LOG_LINE_MAX - LOG_LINE_END_MAX);
    if (log_sink.format == LOG_JSON)
        log_make_json(&line, &entry);
    else
        log_make_text(&line, &entry);
    buf_add_byte(&line, '\n');
    log_sink.write(log_sink.ctx, buf_slice(&line));
    buf_free(&line);
}
