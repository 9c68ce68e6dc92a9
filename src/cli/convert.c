/*
 * convert.c - `elrelay convert`: the encoder alone, lines in, CSV out.
 *
 * What the daemon would set aside is named by line and reason, never by content. Blank lines at
 * the end are what editors leave; one in between is an event that is empty.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/say.h"
#include "elrelay/core/carry/encoder.h"

#define CONVERT_LINE_MAX ((size_t)1024 * 1024 * 1024)
#define CONVERT_BODY_MAX (SIZE_MAX / 4)

struct convert {
    const struct format_conf *format;
    struct encoder encoder;
    uint64_t bad;
    uint64_t blank; /* lines at the end so far that are blank */
};

static void convert_tell(struct convert *convert, uint64_t line, const struct blame *blame)
{
    fprintf(stderr, "line %" PRIu64 ": %s: %s", line, reason_word(blame->reason),
            reason_sentence(blame->reason));
    if (blame->offset > 0)
        fprintf(stderr, ", at byte %zu", blame->offset + 1);
    if (blame->column > 0 && blame->column <= convert->format->column_count)
        fprintf(stderr, ", column %s", convert->format->columns[blame->column - 1].name);
    fputc('\n', stderr);
    convert->bad++;
}

static bool convert_add(struct convert *convert, uint64_t number, struct slice line,
                        struct fault *fault)
{
    if (lines_is_blank(line)) {
        convert->blank++;
        return true;
    }
    for (; convert->blank > 0; convert->blank--)
        convert_tell(convert, number - convert->blank, &(struct blame){.reason = REASON_EMPTY});
    struct blame blame = {0};
    switch (encoder_add(&convert->encoder, line, &blame)) {
    case ENCODE_TAKEN:
        return true;
    case ENCODE_INVALID:
        convert_tell(convert, number, &blame);
        return true;
    case ENCODE_FULL:
        break;
    }
    return fault_set(fault, FAULT_GENERAL,
                     "line %" PRIu64 ": the CSV is too large for the memory of this machine",
                     number);
}

static bool convert_all(struct convert *convert, struct fault *fault)
{
    struct lines lines;
    lines_init(&lines, STDIN_FILENO, CONVERT_LINE_MAX);
    struct slice line;
    enum lines_result result;
    bool done = true;
    while (done && (result = lines_next(&lines, &line, fault)) != LINES_END)
        done = result == LINES_ONE && convert_add(convert, lines.number, line, fault);
    lines_free(&lines);
    return done;
}

static bool convert_finish(struct convert *convert, struct fault *fault)
{
    struct slice body = encoder_finish(&convert->encoder);
    if (body.len > 0)
        fwrite(body.ptr, 1, body.len, stdout);
    char text[SAY_MAX];
    if (convert->encoder.dropped_keys > 0)
        fprintf(stderr, "elrelay: %s of later events found no column (header: first)\n",
                say_count(text, convert->encoder.dropped_keys, "key", "s"));
    if (convert->bad > 0)
        return fault_set(fault, FAULT_GENERAL, "%s could not be converted",
                         say_count(text, convert->bad, "line", "s"));
    return true;
}

static bool convert_with(const struct format_conf *format, struct fault *fault)
{
    struct convert convert = {.format = format};
    encoder_init(&convert.encoder, format, CONVERT_BODY_MAX);
    bool done = convert_all(&convert, fault) && convert_finish(&convert, fault);
    encoder_free(&convert.encoder);
    return done;
}

static bool convert_read_header(const struct cli_call *call, struct format_conf *format,
                                struct fault *fault)
{
    static const char *const words[] = {
        [HEADER_UNION] = "union", [HEADER_FIRST] = "first", [HEADER_FIXED] = "fixed"};
    const char *word = call->values[OPTION_HEADER];
    if (!word)
        return true;
    for (size_t mode = 0; mode <= HEADER_FIXED; mode++)
        if (strcmp(word, words[mode]) == 0)
            format->header = (enum header_mode)mode;
    if (format->header == HEADER_FIXED && format->column_count == 0)
        return fault_set(fault, FAULT_USAGE,
                         "--header fixed needs a --config whose route has format.columns");
    return true;
}

bool convert_lines(const struct cli_call *call, struct fault *fault)
{
    if (!call->values[OPTION_CONFIG] && call->values[OPTION_ROUTE])
        return fault_set(fault, FAULT_USAGE, "--route needs --config");
    struct choice choice = {0};
    if (call->values[OPTION_CONFIG] && !choice_read_one(&choice, call, fault))
        return false;
    struct format_conf format = choice.count ? choice.routes->format : (struct format_conf){0};
    bool done = convert_read_header(call, &format, fault) && convert_with(&format, fault);
    choice_free(&choice);
    return done;
}
