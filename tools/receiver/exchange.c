/*
 * exchange.c - the life of a request.
 *
 * libmicrohttpd calls on_request once with the headers, then with each piece of the body, then
 * once more; after a pause it calls that last one again. On the way: plan, body, decision
 * (which may store), pause, ending.
 */

#include "exchange.h"

#include <string.h>

#include "elrelay/ground/mem.h"
#include "request_log.h"
#include "route.h"

static struct exchange *exchange_new(struct receiver *receiver,
                                     struct MHD_Connection *connection, const char *method,
                                     const char *path)
{
    struct exchange *exchange = mem_zalloc(sizeof(*exchange));
    bool post = strcmp(method, "POST") == 0;
    exchange->receiver = receiver;
    exchange->connection = connection;
    exchange->method = mem_copy_text(method, strlen(method));
    exchange->path = mem_copy_text(path, strlen(path));
    exchange->request.get = !post;
    exchange->request.number = atomic_fetch_add(post ? &receiver->posts : &receiver->gets, 1) +
                               1;
    plan_init(&exchange->plan);
    answer_init(&exchange->answer);
    buf_init(&exchange->body, receiver->settings.max_bytes + 1);
    return exchange;
}

static void exchange_free(struct exchange *exchange)
{
    mem_free(exchange->method);
    mem_free(exchange->path);
    plan_free(&exchange->plan);
    answer_free(&exchange->answer);
    buf_free(&exchange->body);
    mem_free(exchange);
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *exchange_query(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool exchange_has_key(struct exchange *exchange)
{
    const char *wanted = exchange->receiver->key;
    const char *header = exchange_header(exchange, "x-functions-key");
    const char *given = header ? header : exchange_query(exchange, "code");
    if (!wanted || (given && strcmp(given, wanted) == 0))
        return true;
    answer_set(&exchange->answer, 401, NULL, "");
    return false;
}

bool exchange_has_token(struct exchange *exchange)
{
    static const char scheme[] = "Bearer ";
    const char *wanted = exchange->receiver->key;
    const char *given = exchange_header(exchange, "authorization");
    if (!wanted || (given && strncmp(given, scheme, sizeof(scheme) - 1) == 0 &&
                    strcmp(given + sizeof(scheme) - 1, wanted) == 0))
        return true;
    answer_set_status(&exchange->answer, 401);
    return false;
}

static char *copy_text(const char *text)
{
    return mem_copy_text(text ? text : "", text ? strlen(text) : 0);
}

struct delivery exchange_delivery(struct exchange *exchange, const char *sender)
{
    const char *payload_name = exchange_header(exchange, "payloadname");
    struct delivery delivery = {
        .request = exchange->request.number,
        .path = copy_text(exchange->path),
        .sender = copy_text(sender),
        .payload_name = copy_text(payload_name ? payload_name
                                               : exchange_query(exchange, "payloadname")),
        .idempotency_key = copy_text(exchange_header(exchange, "idempotency-key")),
        .content_type = copy_text(exchange_header(exchange, "content-type")),
        .body = exchange->body,
    };
    buf_init(&exchange->body, 0);
    return delivery;
}

/* What a late commit waits with. */
struct late {
    struct receiver *receiver;
    struct delivery delivery;
    struct remarks remarks;
};

static void on_late_commit(void *ctx)
{
    struct late *late = ctx;
    store_take(&late->receiver->store, &late->delivery, &late->remarks);
    delivery_free(&late->delivery);
    remarks_free(&late->remarks);
    mem_free(late);
}

static void store_late(struct exchange *exchange, struct delivery *delivery,
                       struct remarks *remarks)
{
    struct late *late = mem_zalloc(sizeof(*late));
    *late = (struct late){exchange->receiver, *delivery, *remarks};
    uint64_t after_ms = plan_number(&exchange->plan, PLAN_COMMIT_MS, 0);
    if (!wakes_add(&exchange->receiver->wakes, after_ms, on_late_commit, late))
        on_late_commit(late);
    answer_set_status(&exchange->answer, 504);
}

const struct submission *exchange_store(struct exchange *exchange, struct delivery *delivery,
                                        struct remarks *remarks)
{
    exchange->stored = true;
    if (exchange->plan.fate == FATE_TAKEN_LATE) {
        store_late(exchange, delivery, remarks);
        return NULL;
    }
    const struct submission *submission = store_take(&exchange->receiver->store, delivery,
                                                     remarks);
    delivery_free(delivery);
    remarks_free(remarks);
    if (!submission) {
        exchange->stored = false;
        answer_set_status(&exchange->answer, 500);
    }
    return submission;
}

/* Finds out what the answer is, and stores what is to be stored. */
static void exchange_decide(struct exchange *exchange)
{
    struct plan *plan = &exchange->plan;
    faults_apply_to_rows(&exchange->receiver->faults, plan, &exchange->request,
                         buf_slice(&exchange->body));
    if (plan->fate != FATE_IGNORED)
        route_handle(exchange);
    if (plan->fate == FATE_IGNORED || plan->fate == FATE_TAKEN)
        answer_set_status(&exchange->answer, (unsigned)plan_number(plan, PLAN_STATUS, 504));
    exchange->decided = true;
    request_log_write(exchange, false);
}

/* Leaves the connection as the plan wants it; MHD_NO lets it be closed. */
static enum MHD_Result exchange_end(struct exchange *exchange)
{
    switch (exchange->plan.ending) {
    case ENDING_ANSWER:
        return answer_send(&exchange->answer, exchange->connection, &exchange->plan,
                           &exchange->receiver->wakes);
    case ENDING_RESET_UNREAD:
    case ENDING_RESET:
        connection_reset(exchange->connection);
        return MHD_NO;
    case ENDING_HALF_HEADERS:
        connection_send_half_headers(exchange->connection);
        return MHD_NO;
    case ENDING_SILENCE:
        return MHD_NO;
    }
    return MHD_NO;
}

static enum MHD_Result exchange_begin(struct exchange *exchange)
{
    faults_apply(&exchange->receiver->faults, &exchange->plan, &exchange->request);
    if (exchange->plan.ending != ENDING_RESET_UNREAD)
        return MHD_YES;
    exchange->decided = true;
    request_log_write(exchange, false);
    return exchange_end(exchange);
}

static enum MHD_Result exchange_finish(struct exchange *exchange)
{
    if (exchange->decided)
        return exchange_end(exchange);
    exchange_decide(exchange);
    uint64_t hold_ms = plan_number(&exchange->plan, PLAN_HOLD_MS, 0);
    if (hold_ms && connection_pause(exchange->connection, &exchange->receiver->wakes, hold_ms))
        return MHD_YES;
    return exchange_end(exchange);
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are libmicrohttpd's. */
enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *connection,
                                    const char *url, const char *method, const char *version,
                                    const char *upload_data, size_t *upload_data_size,
                                    void **con_cls)
{
    (void)version;
    struct exchange *exchange = *con_cls;
    if (!exchange) {
        *con_cls = exchange = exchange_new(cls, connection, method, url);
        return exchange_begin(exchange);
    }
    if (*upload_data_size == 0)
        return exchange_finish(exchange);
    size_t room = exchange->body.max - exchange->body.len;
    buf_add(&exchange->body,
            slice_part((struct slice){upload_data, *upload_data_size}, 0, room));
    exchange->body_bytes += *upload_data_size;
    *upload_data_size = 0;
    return MHD_YES;
}

void exchange_on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                           enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    struct exchange *exchange = *con_cls;
    if (!exchange)
        return;
    if (!exchange->decided)
        request_log_write(exchange, true);
    exchange_free(exchange);
    *con_cls = NULL;
}
