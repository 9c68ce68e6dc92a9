/*
 * acks_letters.c - events that were set aside, each read for its tracking id.
 */

#include "cli/acks.h"

#include "cli/letters.h"
#include "elrelay/core/carry/tracker.h"

struct letters_walk {
    struct acks *acks;
    struct tracker tracker;
};

/* "" where the letter has none, or none that can be read. */
static struct slice letters_id(struct letters_walk *walk, const struct letter_facts *letter)
{
    struct slice id = SLICE("");
    for (size_t i = 0; i + 1 < letter->field_count; i += 2)
        if (slice_is_text(reply_text(letter->fields[i]), "event") &&
            tracker_find(&walk->tracker, reply_text(letter->fields[i + 1]), &id))
            return id;
    return SLICE("");
}

/* What an exception has told of is not told of again. */
static void letters_tell(struct acks *acks, const struct letter_facts *letter, struct slice id)
{
    struct ack ack = {.route = acks->route->name,
                      .queue = acks_queue(acks),
                      .id = id,
                      .at_ms = letter->at_ms};
    ack_of_reason(&ack, letter->reason);
    if (ack.application == ACK_AR && acks_has_told_refused(acks, id))
        return;
    snprintf(ack.control, sizeof(ack.control), "d%s", letter->id);
    acks_tell(acks, &ack);
}

/* The newest come first. */
static bool letters_on_one(void *ctx, const struct letter_facts *letter)
{
    struct letters_walk *walk = ctx;
    if (letter->at_ms < walk->acks->from_ms)
        return false;
    letters_tell(walk->acks, letter, letters_id(walk, letter));
    return true;
}

bool acks_read_letters(struct acks *acks, struct fault *fault)
{
    struct letters_walk walk = {.acks = acks};
    tracker_init(&walk.tracker, &acks->route->format);
    bool done = letters_read(acks->session, acks->keys, letters_on_one, &walk, fault);
    tracker_free(&walk.tracker);
    return done;
}
