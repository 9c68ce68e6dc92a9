/*
 * check_lookup.c - whether the endpoint's list of submissions may be read, tried once.
 *
 * The first page of a look for a batch that cannot be there, by the same request, secret and
 * reader as the daemon's.
 */

#include <stdio.h>

#include "cli/check.h"
#include "elrelay/edge/host/clock.h"
#include "elrelay/edge/http/uplink.h"

enum { CHECK_URL_MAX = 64 * 1024 };

struct check_look {
    struct uplink *uplink;
    struct lookup_for wanted;
    struct lookup_page page;
    enum transport_end end;
    unsigned status;
};

static void check_on_closed(void *ctx)
{
    (void)ctx;
}

static void check_on_page(void *ctx, const struct answer *answer)
{
    struct check_look *look = ctx;
    look->end = answer->end;
    look->status = answer->status;
    lookup_read(&look->page, &look->wanted, answer);
    uplink_close(look->uplink, check_on_closed, look);
}

static bool check_get_page(struct check_look *look, const struct endpoint_conf *endpoint,
                           const char *url, struct fault *fault)
{
    uv_loop_t loop;
    struct request *request = NULL;
    struct request_setup setup = {
        .endpoint = endpoint, .on_answer = check_on_page, .ctx = look};
    uv_loop_init(&loop);
    look->uplink = uplink_new(&loop);
    bool begun = uplink_get(look->uplink, &setup, url, &request, fault);
    if (!begun)
        uplink_close(look->uplink, check_on_closed, look);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return begun;
}

static void check_say_page(struct check *check, const struct check_look *look,
                           const struct endpoint_conf *endpoint)
{
    static const char what[] = "look-up";
    const char *then = endpoint->lookup.fallback_resends ? "sent again" : "held";
    switch (look->page.result) {
    case LOOKUP_FOUND:
    case LOOKUP_DIFFERS:
    case LOOKUP_MORE:
    case LOOKUP_ABSENT:
        check_say(check, FAULT_NONE, what, "the list of submissions is permitted and readable");
        break;
    case LOOKUP_AGAIN:
        check_say(check, FAULT_ENDPOINT, what,
                  "the list of submissions is not to be had now: %s %u",
                  transport_end_word(look->end), look->status);
        break;
    case LOOKUP_BARRED:
        check_say(check, FAULT_ENDPOINT, what,
                  "the list of submissions is not permitted, not there or not readable: %s %u; "
                  "a batch in doubt will be %s",
                  transport_end_word(look->end), look->status, then);
        break;
    case LOOKUP_RESULT_COUNT:
        break;
    }
}

void check_lookup(struct check *check, const struct endpoint_conf *endpoint)
{
    const uint64_t now_ms = clock_unix_ms();
    struct check_look look = {
        .wanted = {.batch_id = SLICE("00000000-0000-0000-0000-000000000000"),
                   .count = 1,
                   .first_unix_ms = now_ms - LOOKUP_SKEW_MS,
                   .now_unix_ms = now_ms}};
    struct fault fault = {0};
    struct buf url;
    buf_init(&url, CHECK_URL_MAX);
    lookup_page_init(&look.page);
    if (!lookup_write_url(&url, &endpoint->lookup, &look.wanted, &look.page))
        check_say(check, FAULT_CONF, "look-up", "endpoint.lookup.url is too long");
    else if (!check_get_page(&look, endpoint, buf_text(&url), &fault))
        check_say(check, fault.code, "look-up", "%s", fault.text);
    else
        check_say_page(check, &look, endpoint);
    lookup_page_free(&look.page);
    buf_free(&url);
}
