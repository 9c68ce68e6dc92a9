/*
 * letters.c - entries of the dead stream: the fields that came, then nine of ours.
 *
 * An application may have used any field name, so ours are read from the end only.
 */

#include "cli/letters.h"

#include <stdio.h>

enum { LETTERS_CHUNK = 100, LETTER_OWN_VALUES = 2 * DEAD_OWN_FIELDS };

struct letters {
    letter_fn on_letter;
    void *ctx;
    char last[STREAM_ID_TEXT_MAX + 1]; /* where the next chunk begins: "+", or "(ID" */
    bool more;
};

static void letters_copy(char *to, size_t to_len, const redisReply *fields, const char *name)
{
    snprintf(to, to_len, "%.*s", SLICE_ARG(reply_text(reply_field(fields, name))));
}

static bool letters_understand(struct letter_facts *letter, const redisReply *entry)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements < 2 ||
        entry->element[1]->type != REDIS_REPLY_ARRAY ||
        entry->element[1]->elements < LETTER_OWN_VALUES)
        return false;
    const redisReply *all = entry->element[1];
    redisReply ours = *all;
    ours.elements = LETTER_OWN_VALUES;
    ours.element = all->element + (all->elements - ours.elements);
    *letter = (struct letter_facts){
        .reason = reason_of_word(reply_text(reply_field(&ours, "reason"))),
        .offset = reply_number(reply_field(&ours, "offset")),
        .column = reply_number(reply_field(&ours, "column")),
        .attempts = reply_number(reply_field(&ours, "attempts")),
        .at_ms = reply_number(reply_field(&ours, "at")),
        .replays = reply_number(reply_field(&ours, "replays")),
        .fields = all->element,
        .field_count = all->elements - ours.elements,
    };
    for (size_t i = 1; i < letter->field_count; i += 2)
        letter->bytes += reply_text(all->element[i]).len;
    snprintf(letter->id, sizeof(letter->id), "%.*s", SLICE_ARG(reply_text(entry->element[0])));
    letters_copy(letter->entry, sizeof(letter->entry), &ours, "entry");
    letters_copy(letter->stage, sizeof(letter->stage), &ours, "stage");
    letters_copy(letter->batch, sizeof(letter->batch), &ours, "batch");
    return true;
}

static void letters_note_last(struct letters *letters, const redisReply *entry)
{
    if (entry->type == REDIS_REPLY_ARRAY && entry->elements > 0)
        snprintf(letters->last, sizeof(letters->last), "(%.*s",
                 SLICE_ARG(reply_text(entry->element[0])));
}

static void letters_on_entries(void *ctx, const redisReply *reply)
{
    struct letters *letters = ctx;
    size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    letters->more = count == LETTERS_CHUNK;
    if (count > 0)
        letters_note_last(letters, reply->element[count - 1]);
    for (size_t i = 0; i < count; i++) {
        struct letter_facts letter;
        if (!letters_understand(&letter, reply->element[i]))
            continue;
        if (!letters->on_letter(letters->ctx, &letter)) {
            letters->more = false;
            return;
        }
    }
}

static bool letters_ask(struct session *session, const struct keys *keys,
                        struct letters *letters, const char *down_to, struct fault *fault)
{
    char chunk[16];
    const char *key = keys_name(keys, KEY_DEAD);
    snprintf(chunk, sizeof(chunk), "%d", LETTERS_CHUNK);
    letters->more = false;
    return session_ask(
        session,
        &(struct question){SESSION_ARGS(SLICE("XREVRANGE"), slice_of(key),
                                        slice_of(letters->last), slice_of(down_to),
                                        SLICE("COUNT"), slice_of(chunk)),
                           .doing = "read the dead letters", .key = key,
                           .use = letters_on_entries, .ctx = letters},
        fault);
}

bool letters_read(struct session *session, const struct keys *keys, letter_fn on_letter,
                  void *ctx, struct fault *fault)
{
    struct letters letters = {.on_letter = on_letter, .ctx = ctx, .last = "+"};
    do {
        if (!letters_ask(session, keys, &letters, "-", fault))
            return false;
    } while (letters.more);
    return true;
}

bool letters_read_one(struct session *session, const struct keys *keys,
                      const struct letters_wish *wish, struct fault *fault)
{
    struct letters letters = {.on_letter = wish->on_letter, .ctx = wish->ctx};
    snprintf(letters.last, sizeof(letters.last), "%s", wish->id);
    return letters_ask(session, keys, &letters, wish->id, fault);
}
