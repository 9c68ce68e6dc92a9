/*
 * main.c - elrelay-events: writes synthetic test events, one JSON object a line, to standard
 * output.
 */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/options.h"
#include "elrelay/ground/buf.h"

#include "series.h"

struct wishes {
    bool help;
    uint64_t count;
    uint64_t start;
    uint64_t seed;
    struct text_list errors;
    const char *malformed;
    const char *duplicate;
};

static const char INTRO[] =
    "elrelay-events - write synthetic test events, one JSON object a line\n"
    "\n"
    "usage: elrelay-events [OPTION...]\n"
    "\n"
    "An event has the 75 columns of SimpleReport's CSV for ReportStream, all values as\n"
    "text. People and firms are invented. The same options give the same bytes on every\n"
    "machine; what an event holds depends on the seed and its number, so that --start\n"
    "1001 goes on where --count 1000 ended.\n"
    "\n"
    "P is a probability from 0 to 1.\n"
    "\n"
    "options:\n";

static const char OUTRO[] =
    "\n"
    "example:\n"
    "  elrelay-events --count 500 --seed 7 --error-rate Patient_state=0.02 --malformed 0.01\n";

static bool wishes_check(const struct wishes *wishes, struct fault *fault)
{
    if (wishes->start == 0)
        return fault_set(fault, FAULT_USAGE, "--start: the first event has number 1");
    if (wishes->count > SERIES_NUMBER_MAX ||
        wishes->start > SERIES_NUMBER_MAX - wishes->count + 1)
        return fault_set(fault, FAULT_USAGE,
                         "--start, --count: the last event has number %" PRIu64,
                         SERIES_NUMBER_MAX);
    return true;
}

static bool series_read(struct series *series, const struct wishes *wishes, struct fault *fault)
{
    *series = (struct series){.seed = wishes->seed};
    for (size_t i = 0; i < wishes->errors.count; i++) {
        if (!rates_read_error(&series->rates, wishes->errors.items[i], fault))
            return false;
    }
    return rates_read(&series->rates.malformed, "--malformed", wishes->malformed, fault) &&
           rates_read(&series->rates.duplicate, "--duplicate", wishes->duplicate, fault);
}

/* A reader that has gone away has seen enough: no fault. */
static bool write_failed(struct fault *fault)
{
    if (errno == EPIPE)
        return true;
    return fault_set(fault, FAULT_GENERAL, "standard output cannot be written: %s",
                     strerror(errno));
}

static bool write_events(const struct series *series, const struct wishes *wishes,
                         struct fault *fault)
{
    struct buf line;
    bool ok = true;
    buf_init(&line, SERIES_LINE_MAX);
    for (uint64_t i = 0; i < wishes->count && ok; i++) {
        series_write(series, wishes->start + i, &line);
        ok = fwrite(line.ptr, 1, line.len, stdout) == line.len;
    }
    buf_free(&line);
    if (!ok || fflush(stdout) != 0)
        return write_failed(fault);
    return true;
}

static bool events_run(int argc, char **argv, struct wishes *wishes, struct fault *fault)
{
    const struct option_row rows[] = {
        {.name = "count", .argument = "N", .help = "how many (1000)", .number = &wishes->count},
        {.name = "start",
         .argument = "N",
         .help = "number of the first (1)",
         .number = &wishes->start},
        {.name = "seed",
         .argument = "N",
         .help = "another seed, other events (1)",
         .number = &wishes->seed},
        {.name = "error-rate",
         .argument = "FIELD=P",
         .list = &wishes->errors,
         .help = "this column is blank or a wrong code; may be repeated"},
        {.name = "malformed",
         .argument = "P",
         .help = "the line is no JSON object",
         .text = &wishes->malformed},
        {.name = "duplicate",
         .argument = "P",
         .text = &wishes->duplicate,
         .help = "the line repeats an earlier one of the series"},
        {.name = "help", .help = "print this", .flag = &wishes->help},
    };
    const size_t count = sizeof(rows) / sizeof(rows[0]);
    struct series series;
    if (!options_read(rows, count, argc, argv, fault))
        return false;
    if (wishes->help) {
        options_print_help(INTRO, rows, count);
        fputs(OUTRO, stdout);
        return true;
    }
    return wishes_check(wishes, fault) && series_read(&series, wishes, fault) &&
           write_events(&series, wishes, fault);
}

int main(int argc, char **argv)
{
    struct wishes wishes = {
        .count = 1000, .start = 1, .seed = 1, .malformed = "0", .duplicate = "0"};
    struct fault fault = {0};
    signal(SIGPIPE, SIG_IGN);
    bool ok = events_run(argc, argv, &wishes, &fault);
    text_list_free(&wishes.errors);
    if (ok)
        return 0;
    fprintf(stderr, "elrelay-events: %s\n", fault.text);
    if (fault.code == FAULT_USAGE)
        fputs("Try elrelay-events --help.\n", stderr);
    return fault_exit_code(fault.code);
}
