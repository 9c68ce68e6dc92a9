#ifndef TESTS_UNIT_SUPPORT_STAGE_H
#define TESTS_UNIT_SUPPORT_STAGE_H

/*
 * support_stage.h - what a script of support_relay.h plays on, and who answers for the endpoint
 * and for Redis.
 */

#include "elrelay/core/relay/relay.h"

enum { NOTES_MAX = 32, NOTE_LEN = 64, POSTS_MAX = 64 };

struct stage {
    const char *name;
    size_t line;
    struct route_conf conf;
    struct route_conf next_conf;
    struct relay *relay;
    struct batch *batch;
    struct batch *looking;          /* the one looked for last */
    struct batch *posts[POSTS_MAX]; /* in the order in which they were begun */
    size_t post_count;
    struct manifest known; /* of the batch that was dealt with last */
    enum act act;
    struct batch *asked[ACT_COUNT]; /* about which batch each was asked last */
    char notes[NOTES_MAX][NOTE_LEN];
    size_t note_count;
    size_t note_at;
    uint64_t now_ms;
    uint64_t due_ms;
    uint64_t ids;
    struct recall old; /* what the ledger says of the batch that old events were sent in */
    bool ledger_full;
    uint64_t stream_ms;
};

uint64_t word_number(const char *line, const char *word, uint64_t other);

/* `WORD K` in a line is the batch of the script's Kth POST; without it `other`. */
struct batch *stage_batch(const struct stage *stage, const char *line, const char *word,
                          struct batch *other);

void stage_note(struct stage *stage, const char *what, const char *word, uint64_t number);

/* The lines of a script that bring something from outside. */
void stage_survey(struct stage *stage, const char *line);
void stage_list(struct stage *stage, const char *line);
void stage_events(struct stage *stage, enum act act, const char *line);
void stage_answer_post(struct stage *stage, const char *line);
void stage_page(struct stage *stage, const char *line);

#endif
