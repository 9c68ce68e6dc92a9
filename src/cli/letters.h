#ifndef ELRELAY_CLI_LETTERS_H
#define ELRELAY_CLI_LETTERS_H

/*
 * letters.h - the dead letters of a route, read from the newest on.
 */

#include "cli/session.h"
#include "elrelay/core/carry/event.h"
#include "elrelay/core/carry/reason.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/uuid.h"

enum { LETTER_STAGE_MAX = 32 };

/* What is known of one; all of it ours but for `fields`, which hold the entry as it came. Valid
 * during the call. */
struct letter_facts {
    char id[STREAM_ID_TEXT_MAX];
    char entry[STREAM_ID_TEXT_MAX]; /* the id it had on the queue */
    char stage[LETTER_STAGE_MAX];
    char batch[UUID_TEXT_LEN + 1];
    enum reason reason; /* REASON_NONE: a word that this version does not know */
    uint64_t offset;
    uint64_t column;
    uint64_t attempts;
    uint64_t at_ms;
    uint64_t replays;
    uint64_t bytes; /* of all values of the entry */
    redisReply *const *fields;
    size_t field_count; /* names and values */
};

/* True to go on with the next one. */
typedef bool (*letter_fn)(void *ctx, const struct letter_facts *letter);

bool letters_read(struct session *session, const struct keys *keys, letter_fn on_letter,
                  void *ctx, struct fault *fault);

struct letters_wish {
    const char *id;
    letter_fn on_letter;
    void *ctx;
};

/* The one with this id, if it is there. */
bool letters_read_one(struct session *session, const struct keys *keys,
                      const struct letters_wish *wish, struct fault *fault);

#endif
