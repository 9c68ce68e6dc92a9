/*
 * series.c - the line of a number: an event, the event of an earlier number, or something
 * broken.
 */

#include "series.h"

#include "common/splitmix.h"
#include "elrelay/ground/buf.h"
#include "elrelay/ground/json_out.h"

#include "malformed.h"
#include "report.h"
#include "stream.h"

enum { DUPLICATES_BACK = 1000 }; /* events; who sends something again does so soon */

/* The number whose line stands at this one: an earlier one where this is a duplicate. */
static uint64_t series_origin(const struct series *series, uint64_t number)
{
    struct splitmix source;
    for (;;) {
        stream_open(&source, series->seed, number, TOPIC_DUPLICATE);
        if (!splitmix_happens(&source, series->rates.duplicate) || number == 1)
            return number;
        uint64_t back = number - 1 < DUPLICATES_BACK ? number - 1 : DUPLICATES_BACK;
        number -= 1 + splitmix_below(&source, back);
    }
}

/* Makes the value invalid: blank, or where that can be told a word that is no code. */
static void value_spoil(struct buf *value, const struct column *column, struct splitmix *source)
{
    buf_clear(value);
    if (column->coded && splitmix_happens(source, 0.5)) {
        buf_add_text(value, "WRONG_");
        buf_add_text(value, column->name);
    }
}

static void series_write_event(const struct series *series, uint64_t number, struct buf *line)
{
    struct splitmix source;
    struct report report;
    struct buf value;
    struct json_out out = {.buf = line};
    stream_open(&source, series->seed, number, TOPIC_VALUES);
    report_draw(&report, series->seed, number, &source);
    buf_init(&value, SERIES_VALUE_MAX);
    json_out_begin_object(&out, NULL);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
        struct splitmix error;
        stream_open(&error, series->seed, number, TOPIC_ERROR + i);
        buf_clear(&value);
        columns[i].write(&value, &report, columns[i].of);
        if (splitmix_happens(&error, series->rates.error[i]))
            value_spoil(&value, &columns[i], &error);
        json_out_text(&out, columns[i].name, buf_slice(&value));
    }
    json_out_end_object(&out);
    buf_free(&value);
}

void series_write(const struct series *series, uint64_t number, struct buf *line)
{
    struct splitmix source;
    uint64_t origin = series_origin(series, number);
    buf_clear(line);
    series_write_event(series, origin, line);
    stream_open(&source, series->seed, origin, TOPIC_MALFORMED);
    if (splitmix_happens(&source, series->rates.malformed))
        malformed_make(line, &source);
    buf_add_byte(line, '\n');
}
