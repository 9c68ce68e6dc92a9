/*
 * trail_receipts.c - what the manifests know of a mark, some of them a call; and what the audit
 * stream knows of dead letters that are gone.
 */

#include <stdio.h>
#include <string.h>

#include "cli/batch_page.h"
#include "cli/trail.h"
#include "elrelay/edge/queue/receipt.h"
#include "elrelay/ground/number.h"

enum { RECEIPTS_OWN_ARGS = 4, AUDIT_CHUNK = 100, FIND_VALUES = 4 };

/* An entry's id may be of a little earlier than the time it was written at: Redis takes the
 * time of the call for it. */
enum { AUDIT_EARLIER_MS = 1000 };

struct receipts {
    struct trail *trail;
    struct session *session;
    const struct keys *keys;
    uint8_t mark[RECEIPT_MARK_BYTES];
    size_t looked_at;                   /* batches, by the last call */
    char after[STREAM_ID_TEXT_MAX + 1]; /* of the audit stream */
    bool more;
};

static struct slice receipts_text(const redisReply *find, size_t at)
{
    return at < find->elements ? reply_text(find->element[at]) : SLICE("");
}

static bool receipts_know_row(const struct trail *trail, const struct uuid *batch, uint64_t row)
{
    for (size_t i = 0; i < trail->count; i++)
        if (trail->steps[i].kind == TRAIL_BATCH && trail->steps[i].row == row &&
            uuid_is(&trail->steps[i].batch, batch))
            return true;
    return false;
}

static bool receipts_know_letter(const struct trail *trail, struct slice letter)
{
    for (size_t i = 0; i < trail->count; i++)
        if (trail->steps[i].kind == TRAIL_DEAD && slice_is_text(letter, trail->steps[i].id))
            return true;
    return false;
}

/* {id, 'row', row, fate} or {id, 'dead', reason, when, letter} */
static void receipts_take(struct trail *trail, const redisReply *find)
{
    struct uuid batch;
    if (find->type != REDIS_REPLY_ARRAY || find->elements < FIND_VALUES ||
        !uuid_parse(&batch, reply_text(find->element[0])))
        return;
    if (slice_is_text(receipts_text(find, 1), "row")) {
        uint64_t row = reply_number(find->element[2]);
        struct slice fate = receipts_text(find, 3);
        if (receipts_know_row(trail, &batch, row))
            return; /* it has moved from the open ones to the finished ones */
        struct trail_step *step = trail_add(trail, TRAIL_BATCH, 0);
        step->batch = batch;
        step->row = row;
        step->fate = fate.len ? (enum fate)fate.ptr[0] : 0;
    } else if (!receipts_know_letter(trail, receipts_text(find, 4))) {
        struct trail_step *step = trail_add(trail, TRAIL_DEAD, reply_number(find->element[3]));
        step->batch = batch;
        step->reason = reason_of_word(receipts_text(find, 2));
        snprintf(step->id, sizeof(step->id), "%.*s", SLICE_ARG(receipts_text(find, 4)));
    }
}

static void receipts_on_finds(void *ctx, const redisReply *reply)
{
    struct receipts *receipts = ctx;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
        return;
    receipts->looked_at = reply_number(reply->element[1]);
    receipts->trail->blind += reply_number(reply->element[2]);
    for (size_t i = 3; i < reply->elements; i++)
        receipts_take(receipts->trail, reply->element[i]);
}

static bool receipts_ask(struct receipts *receipts, const struct uuid *ids, size_t count,
                         struct fault *fault)
{
    struct slice args[RECEIPTS_OWN_ARGS + BATCH_PAGE_MAX] = {
        slice_of(keys_prefix(receipts->keys)),
        SLICE(""),
        SLICE(""),
        {(const char *)receipts->mark, sizeof(receipts->mark)}};
    for (size_t i = 0; i < count; i++)
        args[RECEIPTS_OWN_ARGS + i] = slice_of(ids[i].text);
    return session_ask(
        receipts->session,
        &(struct question){.script = "trace",
                           SESSION_KEYS(slice_of(keys_name(receipts->keys, KEY_STREAM))),
                           .args = args,
                           .count = RECEIPTS_OWN_ARGS + count,
                           .doing = "search the receipts",
                           .use = receipts_on_finds,
                           .ctx = receipts},
        fault);
}

/* Large ones come fewer a call. */
static bool receipts_ask_page(struct receipts *receipts, const struct batch_page *page,
                              struct fault *fault)
{
    for (size_t at = 0; at < page->count; at += receipts->looked_at) {
        receipts->looked_at = 0;
        if (!receipts_ask(receipts, page->ids + at, page->count - at, fault))
            return false;
        if (receipts->looked_at == 0)
            fault_bug("trace", "the script looked at none");
    }
    return true;
}

static bool receipts_search(struct receipts *receipts, enum key set, bool from_end,
                            struct fault *fault)
{
    struct batch_page page;
    batch_page_begin(&page, receipts->keys, set, from_end);
    while (!page.is_last)
        if (!batch_page_next(&page, receipts->session, fault) ||
            !receipts_ask_page(receipts, &page, fault))
            return false;
    return true;
}

/* A batch stands where it was sealed. */
static bool receipts_date(struct receipts *receipts, struct fault *fault)
{
    struct trail *trail = receipts->trail;
    for (size_t i = 0; i < trail->count; i++) {
        struct trail_step *step = &trail->steps[i];
        struct batch_facts facts = {.id = step->batch};
        if (step->kind != TRAIL_BATCH)
            continue;
        if (!batches_read(receipts->session, receipts->keys, &facts, fault))
            return false;
        step->at_ms = batches_number(&facts, BATCH_FACT_SEALED);
    }
    return true;
}

/* "ID,ID,..." */
static bool audit_names(struct slice letters, const char *id)
{
    size_t from = 0;
    for (size_t at = 0; at <= letters.len; at++) {
        if (at < letters.len && letters.ptr[at] != ',')
            continue;
        if (slice_is_text(slice_part(letters, from, at - from), id))
            return true;
        from = at + 1;
    }
    return false;
}

static void audit_take(struct trail *trail, const redisReply *fields)
{
    struct slice type = reply_text(reply_field(fields, "type"));
    bool replayed = slice_is_text(type, "replay");
    if (!replayed && !slice_is_text(type, "drop"))
        return;
    for (size_t i = 0, count = trail->count; i < count; i++) {
        struct trail_step dead = trail->steps[i];
        if (dead.kind != TRAIL_DEAD || dead.there ||
            !audit_names(reply_text(reply_field(fields, "letters")), dead.id))
            continue;
        struct trail_step *step = trail_add(trail, replayed ? TRAIL_REPLAYED : TRAIL_DROPPED,
                                            reply_number(reply_field(fields, "at")));
        memcpy(step->id, dead.id, sizeof(step->id));
        snprintf(step->by, sizeof(step->by), "%.*s",
                 SLICE_ARG(reply_text(reply_field(fields, "by"))));
    }
}

static void audit_on_entries(void *ctx, const redisReply *reply)
{
    struct receipts *receipts = ctx;
    size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    receipts->more = count == AUDIT_CHUNK;
    for (size_t i = 0; i < count; i++) {
        const redisReply *entry = reply->element[i];
        if (entry->type != REDIS_REPLY_ARRAY || entry->elements < 2)
            continue;
        snprintf(receipts->after, sizeof(receipts->after), "(%.*s",
                 SLICE_ARG(reply_text(entry->element[0])));
        audit_take(receipts->trail, entry->element[1]);
    }
}

/* From the first death on: what became of letters that are there no more. */
static bool receipts_ask_audit(struct receipts *receipts, struct fault *fault)
{
    uint64_t first_ms = UINT64_MAX;
    char chunk[16];
    const char *audit = keys_name(receipts->keys, KEY_AUDIT);
    for (size_t i = 0; i < receipts->trail->count; i++) {
        const struct trail_step *step = &receipts->trail->steps[i];
        if (step->kind == TRAIL_DEAD && !step->there && step->at_ms < first_ms)
            first_ms = step->at_ms;
    }
    snprintf(chunk, sizeof(chunk), "%d", AUDIT_CHUNK);
    receipts->more = first_ms != UINT64_MAX;
    first_ms -= first_ms > AUDIT_EARLIER_MS ? AUDIT_EARLIER_MS : first_ms;
    snprintf(receipts->after, sizeof(receipts->after), "%llu", (unsigned long long)first_ms);
    while (receipts->more)
        if (!session_ask(receipts->session,
                         &(struct question){SESSION_ARGS(SLICE("XRANGE"), slice_of(audit),
                                                         slice_of(receipts->after), SLICE("+"),
                                                         SLICE("COUNT"), slice_of(chunk)),
                                            .doing = "read what persons did", .key = audit,
                                            .use = audit_on_entries, .ctx = receipts},
                         fault))
            return false;
    return true;
}

bool trail_read_receipts(struct trail *trail, struct session *session, const struct keys *keys,
                         struct fault *fault)
{
    struct receipts receipts = {.trail = trail, .session = session, .keys = keys};
    receipt_mark(trail->id, receipts.mark);
    return receipts_search(&receipts, KEY_OPEN, false, fault) &&
           receipts_search(&receipts, KEY_DONE, true, fault) &&
           receipts_date(&receipts, fault) && receipts_ask_audit(&receipts, fault);
}
