/*
 * lookup.c - a walk through the list, oldest first, from shortly before the first send on.
 *
 * Oldest first, since what is added meanwhile then comes at the end, where it is still seen.
 * Pages overlap by a millisecond, as the endpoint knows times more exactly than it lists them
 * and pages by time alone (ENDPOINT 4.4); a submission listed twice counts once. How many rows
 * a page holds is the endpoint's to say, so the end is a page that brings nothing later.
 *
 * "Absent" leads to a second POST, so it is said of a list only that can be believed: in order,
 * with names where anything is listed, and from an endpoint whose clock is not so far behind
 * ours that it would have dated the batch before the time we ask for.
 */

#include "elrelay/core/decide/lookup.h"

#include <ctype.h>

#include "elrelay/ground/json.h"
#include "elrelay/ground/time_text.h"

static const char *const lookup_words[LOOKUP_RESULT_COUNT] = {
    [LOOKUP_FOUND] = "found",   [LOOKUP_DIFFERS] = "differs", [LOOKUP_MORE] = "more",
    [LOOKUP_ABSENT] = "absent", [LOOKUP_AGAIN] = "again",     [LOOKUP_BARRED] = "barred",
};

const char *lookup_word(enum lookup_result result)
{
    return lookup_words[result];
}

void lookup_page_init(struct lookup_page *page)
{
    *page = (struct lookup_page){.result = LOOKUP_MORE};
    buf_init(&page->cursor, TIME_TEXT_MAX);
}

void lookup_page_free(struct lookup_page *page)
{
    buf_free(&page->cursor);
}

/* URLs */

/* RFC 3986: all but unreserved characters and those of `kept` become %XX. */
static void url_add_encoded(struct buf *url, struct slice text, char kept)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte < 0x80 && (isalnum(byte) || (byte && strchr("-._~", byte)) ||
                            (kept && byte == (unsigned char)kept)))
            buf_add_byte(url, text.ptr[i]);
        else
            buf_add_format(url, "%%%02X", (unsigned)byte);
    }
}

static void url_add_time(struct buf *url, const char *name, struct slice time)
{
    buf_add_text(url, name);
    url_add_encoded(url, time, '\0');
}

bool lookup_write_url(struct buf *url, const struct lookup_conf *conf,
                      const struct lookup_for *wanted, const struct lookup_page *page)
{
    char since[TIME_TEXT_MAX];
    uint64_t first = wanted->first_unix_ms;
    time_text_write(since, first > LOOKUP_SKEW_MS ? first - LOOKUP_SKEW_MS : 0);
    buf_clear(url);
    buf_add_format(url, "%s?sortdir=ASC&sortcol=CREATED_AT&pageSize=%d", conf->url,
                   LOOKUP_PAGE_SIZE);
    url_add_time(url, "&since=", slice_of(since));
    if (page->cursor.len)
        url_add_time(url, "&cursor=", buf_slice(&page->cursor));
    return !url->full;
}

static struct slice slice_until(struct slice text, const char *ends)
{
    size_t len = 0;
    while (len < text.len && !strchr(ends, text.ptr[len]))
        len++;
    return slice_part(text, 0, len);
}

/* The value of the parameter `client`, as it is encoded there. */
static struct slice query_client(struct slice query)
{
    const struct slice name = SLICE("client=");
    while (query.len && !slice_is(slice_part(query, 0, name.len), name)) {
        size_t len = slice_until(query, "&").len;
        query = slice_part(query, len + 1, query.len);
    }
    return slice_until(slice_part(query, name.len, query.len), "&#");
}

bool lookup_write_default_url(struct buf *url, struct slice endpoint_url, struct slice client)
{
    size_t scheme = slice_until(endpoint_url, ":").len;
    struct slice rest = slice_part(endpoint_url, scheme + 3, endpoint_url.len);
    struct slice authority = slice_until(rest, "/?#");
    size_t query = slice_until(endpoint_url, "?").len;
    struct slice encoded = query_client(slice_part(endpoint_url, query + 1, endpoint_url.len));
    if (!slice_is(slice_part(endpoint_url, scheme, 3), SLICE("://")) || authority.len == 0 ||
        (client.len == 0 && encoded.len == 0))
        return false;
    buf_clear(url);
    buf_add(url, slice_part(endpoint_url, 0, scheme + 3 + authority.len));
    buf_add_text(url, "/api/waters/org/");
    url_add_encoded(url, client.len ? client : encoded, client.len ? '\0' : '%');
    buf_add_text(url, "/submissions");
    return !url->full;
}

/* Pages */

/* A page on its way into a look: the look is changed only where all of it can be read. */
struct page_read {
    const struct lookup_for *wanted;
    struct lookup_page look;
    uint64_t last_unix_ms; /* of the rows of this page */
    size_t rows;
};

/* Our batch in the list. False where it cannot be told from another listing of it. */
static bool page_take_ours(struct page_read *read, const struct json *row)
{
    struct lookup_page *look = &read->look;
    struct receipt receipt = {.status = 201};
    uint64_t status = 201;
    if (!json_u64(json_member(row, "submissionId"), &receipt.submission_id))
        return false;
    json_u64(json_member(row, "httpStatus"), &status);
    receipt.has_count = json_u64(json_member(row, "reportItemCount"), &receipt.item_count);
    look->seen += look->seen == 0 || receipt.submission_id != look->receipt.submission_id;
    if (uuid_parse(&receipt.report_id, json_text(json_member(row, "id"))) && status == 201 &&
        receipt.has_count && receipt.item_count == read->wanted->count) {
        look->good = true;
        look->receipt = receipt;
    }
    look->receipt.submission_id = receipt.submission_id;
    return true;
}

/* False where it is no row of such a list, or stands out of order. */
static bool page_take_row(struct page_read *read, const struct json *row)
{
    const struct json *name = json_member(row, "externalName");
    uint64_t at_ms = 0;
    if (!time_text_read(json_text(json_member(row, "timestamp")), &at_ms) ||
        at_ms < read->last_unix_ms)
        return false;
    read->last_unix_ms = at_ms;
    read->rows++;
    read->look.listed = true;
    read->look.named |= name != NULL;
    return !slice_is(json_text(name), read->wanted->batch_id) || page_take_ours(read, row);
}

static bool page_take(struct page_read *read, const struct json *list)
{
    bool good = list && json_kind(list) == JSON_ARRAY;
    for (const struct json *row = good ? json_first(list) : NULL; row && good;
         row = json_next(row))
        good = page_take_row(read, row);
    return good;
}

/* Whether the time we asked from on is before anything the endpoint's clock can have given the
 * batch. A Date is cut to its second. */
static bool clock_is_good(const struct lookup_for *wanted, const struct answer *answer)
{
    return answer->date_unix_ms && answer->date_unix_ms + 1000 > wanted->first_unix_ms &&
           answer->date_unix_ms + LOOKUP_SKEW_MS >= wanted->now_unix_ms;
}

static enum lookup_result look_end(const struct lookup_page *look, bool clock_good)
{
    if (look->seen)
        return look->seen == 1 && look->good ? LOOKUP_FOUND : LOOKUP_DIFFERS;
    bool can_name = look->named || !look->listed;
    return clock_good && can_name ? LOOKUP_ABSENT : LOOKUP_BARRED;
}

/* The next page begins a millisecond before the end of this one. */
static void look_advance(struct lookup_page *look, uint64_t last_unix_ms)
{
    char cursor[TIME_TEXT_MAX];
    time_text_write(cursor, last_unix_ms ? last_unix_ms - 1 : 0);
    look->last_unix_ms = last_unix_ms;
    buf_clear(&look->cursor);
    buf_add_text(&look->cursor, cursor);
}

static enum lookup_result page_sum(struct page_read *read, const struct answer *answer)
{
    struct lookup_page *look = &read->look;
    bool full = read->rows >= LOOKUP_PAGE_SIZE;
    bool later = read->rows && read->last_unix_ms > look->last_unix_ms;
    if (look->seen && !full)
        return look_end(look, false);
    if (!later)
        return full ? LOOKUP_BARRED : look_end(look, clock_is_good(read->wanted, answer));
    if (look->pages == LOOKUP_PAGES_MAX)
        return look_end(look, false);
    look_advance(look, read->last_unix_ms);
    return LOOKUP_MORE;
}

static enum lookup_result result_of_status(unsigned status)
{
    bool busy = status == 408 || status == 425 || status == 429;
    return status / 100 == 5 || status < 200 || busy ? LOOKUP_AGAIN : LOOKUP_BARRED;
}

void lookup_read(struct lookup_page *page, const struct lookup_for *wanted,
                 const struct answer *answer)
{
    page->result = answer->end == TRANSPORT_ANSWER_TOO_LARGE ? LOOKUP_BARRED : LOOKUP_AGAIN;
    if (answer->end != TRANSPORT_ANSWERED)
        return;
    page->result = result_of_status(answer->status);
    if (answer->status != 200)
        return;
    struct page_read read = {.wanted = wanted, .look = *page};
    struct json *list = json_parse(answer->body);
    read.look.pages++;
    if (page_take(&read, list)) {
        read.look.result = page_sum(&read, answer);
        *page = read.look;
    }
    json_free(list);
}
