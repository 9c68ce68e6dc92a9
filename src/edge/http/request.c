/*
 * request.c - the body goes out by a callback over the borrowed bytes, the last part of it only
 * through the gate; the answer comes in up to its ceilings.
 */

#include "edge/http/request.h"

#include <assert.h>
#include <string.h>

#include "edge/http/end.h"
#include "elrelay/edge/host/clock.h"
#include "elrelay/edge/host/crash.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"
#include "elrelay/ground/time_text.h"

enum {
    REQUEST_LAST_CHUNK = 64 * 1024, /* held back until the gate has been asked once more */
    REQUEST_HEAD_MAX = 64 * 1024,
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Everything but the last chunk, then, if the gate is still open, that. */
static size_t on_read(char *room, size_t size, size_t count, void *ctx)
{
    struct request *request = ctx;
    size_t left = request->setup.body.len - request->handed;
    size_t part = least(size * count, left);
    if (left > REQUEST_LAST_CHUNK)
        part = least(part, left - REQUEST_LAST_CHUNK);
    else if (!gate_is_open(&request->gate))
        return CURL_READFUNC_ABORT;
    const size_t share = CRASH_PART(request->handed, request->setup.body.len, part);
    if (share)
        memcpy(room, request->setup.body.ptr + request->handed, share);
    request->handed += share;
    /* All is handed over: an endpoint that thinks is not slow; only the timeout of the whole
     * ends it. */
    if (share == left)
        curl_easy_setopt(request->easy, CURLOPT_LOW_SPEED_TIME, 0L);
    return share;
}

/* A body that cannot be rewound is a body that libcurl cannot send twice. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    (void)ctx;
    (void)offset;
    (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

/* A head ends with an empty line; the next status line (after 1xx) begins another one. */
static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct request *request = ctx;
    struct slice text = {line, size * count};
    request->head_bytes += text.len;
    if (request->head_bytes > REQUEST_HEAD_MAX) {
        request->too_large = true;
        return 0;
    }
    if (text.len > strlen("HTTP/") && memcmp(line, "HTTP/", strlen("HTTP/")) == 0)
        request->whole_head = false;
    if (slice_is(text, SLICE("\r\n")) || slice_is(text, SLICE("\n")))
        request->whole_head = true;
    return text.len;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *ctx)
{
    struct request *request = ctx;
    size_t len = size * count;
    if (buf_add(&request->body, (struct slice){bytes, len}))
        return len;
    request->too_large = true;
    return 0;
}

static void request_set_body(struct request *request)
{
    CURL *easy = request->easy;
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->setup.body.len);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, request);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
}

static void request_set_answer(struct request *request)
{
    CURL *easy = request->easy;
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
}

static struct request *request_new(const struct request_setup *setup, const char *url,
                                   struct fault *fault)
{
    struct headers headers;
    if (!options_check_url(setup->endpoint, url, fault) ||
        !headers_begin(&headers, setup->endpoint, fault))
        return NULL;
    struct request *request = mem_zalloc(sizeof(*request));
    request->setup = *setup;
    request->headers = headers;
    request->is_https = options_is_https(url);
    request->started_ms = clock_steady_ms();
    buf_init(&request->body, UPLINK_ANSWER_MAX);
    request->easy = curl_easy_init();
    assert(request->easy); /* out of memory */
    options_apply(request->easy, setup->endpoint, url, &request->gate);
    request_set_answer(request);
    return request;
}

struct request *request_new_post(const struct request_setup *setup, struct fault *fault)
{
    struct request *request = request_new(setup, setup->endpoint->url, fault);
    if (!request)
        return NULL;
    request->gate.may_go_on = setup->may_go_on;
    request->gate.ctx = setup->ctx;
    request_set_body(request);
    headers_add_own(&request->headers, setup);
    headers_suppress(&request->headers, "Expect");
    curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers.lines);
    return request;
}

/* All that it says is its head: from then on the endpoint thinks (see on_read). */
struct request *request_new_get(const struct request_setup *setup, const char *url,
                                struct fault *fault)
{
    struct request *request = request_new(setup, url, fault);
    if (!request)
        return NULL;
    request->is_get = true;
    curl_easy_setopt(request->easy, CURLOPT_LOW_SPEED_TIME, 0L);
    curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers.lines);
    return request;
}

void request_note_sent(struct request *request)
{
    curl_off_t sent = 0;
    curl_easy_getinfo(request->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (request->all_sent || request->is_get || (size_t)sent < request->setup.body.len)
        return;
    request->all_sent = true;
    CRASH_PASS(CRASH_POST_LAST_BYTE);
}

void request_free(struct request *request)
{
    curl_easy_cleanup(request->easy);
    headers_free(&request->headers);
    buf_free(&request->body);
    mem_free(request);
}

static struct slice request_header(const struct request *request, const char *name)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(request->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return (struct slice){0};
    return slice_of(header->value);
}

/* Seconds, or a date that is held against the answer's own Date, so that a wrong clock here
 * does no harm. */
static bool request_read_retry_after(const struct request *request, uint64_t *after_ms)
{
    struct slice value = request_header(request, "Retry-After");
    uint64_t seconds = 0;
    uint64_t until_ms = 0;
    uint64_t now_ms = 0;
    if (number_read_u64(value, &seconds)) {
        *after_ms = seconds < UINT64_MAX / 1000 ? seconds * 1000 : UINT64_MAX;
        return true;
    }
    if (!time_text_read_http(value, &until_ms))
        return false;
    if (!time_text_read_http(request_header(request, "Date"), &now_ms))
        now_ms = clock_unix_ms();
    *after_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    return true;
}

struct answer request_answer(const struct request *request, CURLcode code)
{
    long status = 0;
    enum end_phase phase = end_read_phase(request->easy, request->is_https);
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    struct end_facts facts = {
        .code = code,
        .phase = phase,
        .all_handed = request->is_get ? phase == END_TALKING
                                      : request->handed == request->setup.body.len,
        .stopped = request->gate.stopped,
        .too_large = request->too_large,
        .whole_head = request->whole_head,
        .status = (unsigned)status,
    };
    struct answer answer = {
        .end = end_of(&facts),
        .status = facts.status,
        .body = buf_slice(&request->body),
        .took_ms = clock_steady_ms() - request->started_ms,
        .all_sent = request->is_get ? facts.all_handed : request->all_sent,
    };
    time_text_read_http(request_header(request, "Date"), &answer.date_unix_ms);
    answer.has_retry_after = request_read_retry_after(request, &answer.retry_after_ms);
    return answer;
}
