/*
 * answer.c - every answer leaves through one reader callback, which knows about speed, size and
 * cut.
 *
 * libmicrohttpd calls the reader until the size is reached. Where the next byte is not due yet,
 * the reader suspends the connection and returns nothing; the wake resumes it.
 */

#include "answer.h"

#include <stdio.h>
#include <sys/socket.h>

#include "elrelay/ground/time_text.h"

enum { ANSWER_BODY_MAX = 16 << 20, ANSWER_BLOCK = 64 * 1024, LOCATION_MAX = 1024 };

static const char json[] = "application/json";
static const char html[] = "text/html";

/* Bodies of answers that were not asked for, by status. 500 names the time; any other has none.
 */
static const struct status_body {
    unsigned status;
    const char *content_type;
    const char *body;
} status_bodies[] = {
    {400, json, "Bad request"},
    {401, json, "{\"error\": \"Authentication Failed\"}"},
    {410, json, "ReportStream sunsetted on December 31, 2025."},
    {429, json, "{\"error\": \"Too many requests\"}"},
    {502, html,
     "<html><head><title>502 Bad Gateway</title></head>"
     "<body><h1>502 Bad Gateway</h1></body></html>"},
    {503, html,
     "<html><head><title>503 Service Unavailable</title></head><body></body></html>"},
    {504, html, "<html><head><title>504 Gateway Timeout</title></head><body></body></html>"},
};
enum { STATUS_BODIES = sizeof(status_bodies) / sizeof(status_bodies[0]) };

void answer_init(struct answer *answer)
{
    *answer = (struct answer){0};
    buf_init(&answer->body, ANSWER_BODY_MAX);
    buf_init(&answer->location, LOCATION_MAX);
}

void answer_free(struct answer *answer)
{
    buf_free(&answer->body);
    buf_free(&answer->location);
}

void answer_set(struct answer *answer, unsigned status, const char *content_type,
                const char *body)
{
    answer->status = status;
    answer->content_type = content_type;
    buf_clear(&answer->location);
    buf_clear(&answer->body);
    buf_add_text(&answer->body, body);
}

void answer_set_status(struct answer *answer, unsigned status)
{
    answer_set(answer, status, NULL, "");
    for (size_t i = 0; i < STATUS_BODIES; i++)
        if (status_bodies[i].status == status)
            answer_set(answer, status, status_bodies[i].content_type, status_bodies[i].body);
    if (status == 500) {
        char time[TIME_TEXT_MAX];
        time_text_write(time, clock_unix_ms());
        buf_clear(&answer->body);
        buf_add_format(&answer->body, "{\"error\": \"Internal error at %s\"}", time);
    }
}

static void on_due(void *ctx)
{
    MHD_resume_connection(ctx);
}

bool connection_pause(struct MHD_Connection *connection, struct wakes *wakes, uint64_t after_ms)
{
    MHD_suspend_connection(connection);
    bool paused = wakes_add(wakes, after_ms, on_due, connection);
    if (!paused)
        MHD_resume_connection(connection);
    return paused;
}

static int connection_socket(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

void connection_reset(struct MHD_Connection *connection)
{
    /* Linux: dissolving the association of a TCP socket aborts it, whatever is still unsent or
     * unread. */
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)connect(connection_socket(connection), &nowhere, sizeof(nowhere));
}

void connection_send_half_headers(struct MHD_Connection *connection)
{
    static const char half[] =
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Le";
    (void)send(connection_socket(connection), half, sizeof(half) - 1, MSG_NOSIGNAL);
}

/* How many bytes may have left by now. */
static uint64_t answer_due_bytes(const struct answer *answer)
{
    if (answer->bytes_per_s == PLAN_UNSET)
        return UINT64_MAX;
    return (clock_steady_ms() - answer->started_ms) * answer->bytes_per_s / 1000;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The body, then blanks. */
static void answer_copy(const struct answer *answer, uint64_t pos, char *to, size_t len)
{
    memset(to, ' ', len);
    struct slice part = slice_part(buf_slice(&answer->body), (size_t)pos, len);
    if (part.len)
        memcpy(to, part.ptr, part.len);
}

static ssize_t answer_read(void *ctx, uint64_t pos, char *to, size_t max)
{
    struct answer *answer = ctx;
    if (pos >= answer->cut_at)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    uint64_t due = answer_due_bytes(answer);
    if (due <= pos) {
        uint64_t next_ms = answer->started_ms +
                           ((pos + 1) * 1000 + answer->bytes_per_s - 1) / answer->bytes_per_s;
        uint64_t now_ms = clock_steady_ms();
        bool paused = connection_pause(answer->connection, answer->wakes,
                                       next_ms > now_ms ? next_ms - now_ms : 1);
        return paused ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    uint64_t len = lesser(lesser(max, due - pos), answer->cut_at - pos);
    answer_copy(answer, pos, to, (size_t)len);
    return (ssize_t)len;
}

static void answer_add_headers(const struct answer *answer, struct MHD_Response *response,
                               const struct plan *plan)
{
    if (answer->content_type)
        MHD_add_response_header(response, "Content-Type", answer->content_type);
    if (answer->location.len)
        MHD_add_response_header(response, "Location", answer->location.ptr);
    uint64_t retry_after_s = plan_number(plan, PLAN_RETRY_AFTER_S, PLAN_UNSET);
    if (retry_after_s != PLAN_UNSET) {
        char text[24];
        snprintf(text, sizeof(text), "%llu", (unsigned long long)retry_after_s);
        MHD_add_response_header(response, "Retry-After", text);
    }
}

enum MHD_Result answer_send(struct answer *answer, struct MHD_Connection *connection,
                            const struct plan *plan, struct wakes *wakes)
{
    uint64_t size = plan_number(plan, PLAN_ANSWER_SIZE, answer->body.len);
    answer->connection = connection;
    answer->wakes = wakes;
    answer->bytes_per_s = plan_number(plan, PLAN_BYTES_PER_S, PLAN_UNSET);
    answer->cut_at = plan_number(plan, PLAN_TRUNCATE_AT, PLAN_UNSET);
    answer->started_ms = clock_steady_ms();
    buf_text(&answer->location);
    struct MHD_Response *response = MHD_create_response_from_callback(
        size, ANSWER_BLOCK, answer_read, answer, NULL);
    if (!response)
        return MHD_NO;
    answer_add_headers(answer, response, plan);
    enum MHD_Result queued = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return queued;
}
