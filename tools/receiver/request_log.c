/*
 * request_log.c - what may be a secret is told by words in the name of its header or parameter.
 */

#include "request_log.h"

#include <ctype.h>
#include <unistd.h>

#include "elrelay/ground/json_out.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/time_text.h"

enum {
    REQUEST_LINE_MAX = 2 << 20
}; /* headers are at most 256 KiB, and escapes lengthen them */

static const char *const secret_words[] = {"auth",   "key",  "token", "secret",
                                           "cookie", "code", "pass"};
enum { SECRET_WORDS = sizeof(secret_words) / sizeof(secret_words[0]) };

static bool name_is_secret(const char *name)
{
    if (strcmp(name, "idempotency-key") == 0)
        return false;
    for (size_t i = 0; i < SECRET_WORDS; i++)
        if (strstr(name, secret_words[i]))
            return true;
    return false;
}

static enum MHD_Result on_pair(void *ctx, enum MHD_ValueKind kind, const char *key,
                               const char *value)
{
    struct json_out *out = ctx;
    char *name = mem_copy_text(key, strlen(key));
    for (char *byte = name; *byte; byte++)
        *byte = (char)(tolower)((unsigned char)*byte); /* the function; the macro is a maze */
    const char *shown = value ? value : "";
    json_out_text(out, kind == MHD_HEADER_KIND ? name : key,
                  slice_of(name_is_secret(name) ? "***" : shown));
    mem_free(name);
    return MHD_YES;
}

static void write_pairs(struct json_out *out, const struct exchange *exchange, const char *key,
                        enum MHD_ValueKind kind)
{
    json_out_begin_object(out, key);
    MHD_get_connection_values(exchange->connection, kind, on_pair, out);
    json_out_end_object(out);
}

static const char *end_word(const struct exchange *exchange, bool aborted)
{
    if (aborted)
        return "aborted";
    switch (exchange->plan.ending) {
    case ENDING_ANSWER:
        return "answer";
    case ENDING_RESET_UNREAD:
    case ENDING_RESET:
        return "reset";
    case ENDING_SILENCE:
        return "silence";
    case ENDING_HALF_HEADERS:
        return "half-headers";
    }
    return "";
}

void request_log_write(const struct exchange *exchange, bool aborted)
{
    if (exchange->receiver->requests_fd < 0)
        return;
    char time[TIME_TEXT_MAX];
    time_text_write(time, clock_unix_ms());
    struct buf line;
    buf_init(&line, REQUEST_LINE_MAX);
    struct json_out out = {.buf = &line};
    json_out_begin_object(&out, NULL);
    json_out_number(&out, "n", exchange->request.number);
    json_out_text(&out, "time", slice_of(time));
    json_out_text(&out, "method", slice_of(exchange->method));
    json_out_text(&out, "path", slice_of(exchange->path));
    write_pairs(&out, exchange, "query", MHD_GET_ARGUMENT_KIND);
    write_pairs(&out, exchange, "headers", MHD_HEADER_KIND);
    json_out_number(&out, "bytes", exchange->body_bytes);
    json_out_text(&out, "end", slice_of(end_word(exchange, aborted)));
    if (exchange->plan.ending == ENDING_ANSWER && !aborted)
        json_out_number(&out, "status", exchange->answer.status);
    else
        json_out_null(&out, "status");
    json_out_bool(&out, "stored", exchange->stored);
    json_out_text(&out, "fault", slice_of(exchange->plan.told ? exchange->plan.told : ""));
    json_out_end_object(&out);
    buf_add_byte(&line, '\n');
    ssize_t put = write(exchange->receiver->requests_fd, line.ptr, line.len);
    (void)put; /* a log that cannot be written must not change what a client sees */
    buf_free(&line);
}
