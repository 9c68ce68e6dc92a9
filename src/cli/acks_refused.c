/*
 * acks_refused.c - events that the endpoint refused, as receipts have them: by their marks.
 *
 * An exception does not tell whether the event was taken all the same. A receipt does, and goes
 * on doing so when the dead letter was replayed or dropped. At most REFUSED_MAX are kept.
 */

#include "cli/acks.h"

#include <stdlib.h>

#include "elrelay/edge/queue/receipt.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"

enum { REFUSED_MAX = 100000, REFUSED_FIRST_CAP = 64 };

struct refused_mark {
    uint8_t bytes[RECEIPT_MARK_BYTES];
    bool told;
};

struct acks_refused {
    struct refused_mark *marks; /* sorted once all are there */
    size_t count;
    size_t cap;
};

static int refused_compare(const void *a, const void *b)
{
    return memcmp(a, b, RECEIPT_MARK_BYTES);
}

static struct refused_mark *refused_find(const struct acks *acks, struct slice id)
{
    struct refused_mark wanted = {.told = false};
    receipt_mark(id, wanted.bytes);
    if (id.len == 0 || acks->refused->count == 0)
        return NULL;
    return bsearch(&wanted, acks->refused->marks, acks->refused->count, sizeof(wanted),
                   refused_compare);
}

bool acks_take_refused(struct acks *acks, struct slice id)
{
    struct refused_mark *mark = refused_find(acks, id);
    if (mark)
        mark->told = true;
    return mark != NULL;
}

bool acks_has_told_refused(const struct acks *acks, struct slice id)
{
    const struct refused_mark *mark = refused_find(acks, id);
    return mark && mark->told;
}

static void refused_add(struct acks_refused *refused, const char *mark)
{
    if (refused->count == REFUSED_MAX)
        return;
    if (refused->count == refused->cap) {
        refused->cap = refused->cap ? 2 * refused->cap : REFUSED_FIRST_CAP;
        refused->marks = mem_resize(refused->marks, refused->cap, sizeof(*refused->marks));
    }
    refused->marks[refused->count] = (struct refused_mark){.told = false};
    memcpy(refused->marks[refused->count++].bytes, mark, RECEIPT_MARK_BYTES);
}

/* Of "ID,ID,...:", which is taken off. */
static size_t refused_count_letters(struct slice *text)
{
    size_t count = 1;
    size_t at = 0;
    for (; at < text->len && text->ptr[at] != ':'; at++)
        count += text->ptr[at] == ',';
    *text = slice_part(*text, at + 1, text->len);
    return count;
}

/* One piece behind the other, each "REASON MS LETTERS:" and a mark for each letter (lib.lua).
 */
static void refused_on_deaths(void *ctx, const redisReply *reply)
{
    struct acks *acks = ctx;
    struct slice rest = reply_text(reply);
    while (rest.len > 0) {
        uint64_t at_ms = 0;
        struct ack ack = {.route = ""};
        ack_of_reason(&ack, reason_of_word(slice_next_word(&rest)));
        bool is_new = number_read_u64(slice_next_word(&rest), &at_ms) && at_ms >= acks->from_ms;
        size_t letters = refused_count_letters(&rest);
        for (; letters > 0 && rest.len >= RECEIPT_MARK_BYTES; letters--) {
            if (is_new && ack.application == ACK_AR)
                refused_add(acks->refused, rest.ptr);
            rest = slice_part(rest, RECEIPT_MARK_BYTES, rest.len);
        }
    }
}

static bool refused_read(struct acks *acks, const struct uuid *id, struct fault *fault)
{
    char key[256];
    snprintf(key, sizeof(key), "%s%s", keys_name(acks->keys, KEY_BATCH), id->text);
    return session_ask(
        acks->session,
        &(struct question){SESSION_ARGS(SLICE("HGET"), slice_of(key), SLICE("dead")),
                           .doing = "read what was set aside of a batch", .key = key,
                           .use = refused_on_deaths, .ctx = acks},
        fault);
}

bool acks_note_refused(struct acks *acks, struct fault *fault)
{
    acks->refused = mem_zalloc(sizeof(*acks->refused));
    bool done = acks_each_batch(acks, refused_read, fault);
    if (acks->refused->count > 0)
        qsort(acks->refused->marks, acks->refused->count, sizeof(*acks->refused->marks),
              refused_compare);
    return done;
}

void acks_forget_refused(struct acks *acks)
{
    mem_free(acks->refused->marks);
    mem_free(acks->refused);
    acks->refused = NULL;
}
