/*
 * support_ledger.c - a ledger that knows one batch: an event of it is known by its 7.
 */

#include "unit/support_ledger.h"

#include "unit/support_cmocka.h"

#include <stdio.h>

static const char *const words[RECALL_STATE_COUNT] = {"none", "sending", "not_taken",
                                                      "accepted", "released"};

static void fake_mark(void *ctx, struct slice event, struct mark *mark)
{
    (void)ctx;
    *mark = (struct mark){0};
    memcpy(mark->bytes, event.ptr, event.len < MARK_BYTES ? event.len : MARK_BYTES);
}

static bool fake_origin(void *ctx, const struct mark *mark, struct uuid *old)
{
    const struct stage *stage = ctx;
    *old = stage->old.id;
    return mark->bytes[5] == '7' &&
           (stage->old.state == RECALL_SENDING || stage->old.state == RECALL_ACCEPTED);
}

static bool fake_recall(void *ctx, const struct uuid *id, struct recall *recall)
{
    const struct stage *stage = ctx;
    *recall = stage->old;
    return stage->old.state != RECALL_NONE && uuid_is(id, &stage->old.id);
}

static bool fake_sending(void *ctx, const struct batch *batch)
{
    struct stage *stage = ctx;
    assert_int_equal(batch->mark_count, batch->manifest.count);
    stage_note(stage, "ledger ", stage->ledger_full ? "full" : "sending", UINT64_MAX);
    return !stage->ledger_full;
}

static void fake_note(void *ctx, const struct uuid *id, enum recall_state state)
{
    struct stage *stage = ctx;
    bool old = uuid_is(id, &stage->old.id);
    char word[NOTE_LEN];
    snprintf(word, sizeof(word), "%s%s", words[state], old ? " old" : "");
    if (old)
        stage->old.state = state;
    stage_note(stage, "ledger ", word, UINT64_MAX);
}

const struct ledger_ports fake_ledger = {fake_mark, fake_origin, fake_recall, fake_sending,
                                         fake_note};

void stage_keep_old(struct stage *stage)
{
    const struct batch *batch = stage->batch;
    if (batch->cause == FLOW_ON_REAPPEARED) {
        stage->known.old = batch->recall.id;
        stage->known.old_count = batch->recall.count;
        stage->known.old_whole = batch_is_recalled_whole(batch);
        stage->known.sent_ago_ms = 1000;
        stage->known.looks = 0;
    } else if (batch->cause == FLOW_ON_RESEND && batch->move_absent) {
        stage->known.past = stage->known.old;
        stage->known.old = (struct uuid){0};
    }
}

void stage_sent_before(struct stage *stage, const char *line)
{
    bool own = strstr(line, " own") != NULL;
    stage->old = (struct recall){
        .attempt = 1,
        .count = word_number(line, "sent ", 0),
        .first_unix_ms = 1000000000 - 5000,
        .last_unix_ms = 1000000000 - 1000,
        .body = "0000000000000000",
        .elsewhere = strstr(line, "elsewhere") != NULL,
    };
    snprintf(stage->old.id.text, sizeof(stage->old.id.text), "%s",
             own ? "ffffffff-0000-7000-8000-000000000000"
                 : "99999999-0000-7000-8000-000000000000");
    for (int state = 0; state < RECALL_STATE_COUNT; state++)
        if (strstr(line, words[state]))
            stage->old.state = (enum recall_state)state;
}
