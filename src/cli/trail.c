/*
 * trail.c - the steps of a trail, in the order of their times.
 */

#include "cli/trail.h"

#include "elrelay/ground/mem.h"

enum { TRAIL_FIRST_CAP = 16 };

struct trail_step *trail_add(struct trail *trail, enum trail_kind kind, uint64_t at_ms)
{
    if (trail->count == trail->cap) {
        trail->cap = trail->cap ? 2 * trail->cap : TRAIL_FIRST_CAP;
        trail->steps = mem_resize(trail->steps, trail->cap, sizeof(*trail->steps));
    }
    struct trail_step *step = &trail->steps[trail->count++];
    *step = (struct trail_step){.kind = kind, .at_ms = at_ms};
    return step;
}

static bool trail_is_before(const struct trail_step *a, const struct trail_step *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->kind < b->kind);
}

/* There are few. */
static void trail_sort(struct trail *trail)
{
    for (size_t i = 1; i < trail->count; i++) {
        struct trail_step step = trail->steps[i];
        size_t at = i;
        for (; at > 0 && trail_is_before(&step, &trail->steps[at - 1]); at--)
            trail->steps[at] = trail->steps[at - 1];
        trail->steps[at] = step;
    }
}

bool trail_read(struct trail *trail, struct session *session, const struct keys *keys,
                struct fault *fault)
{
    bool done = trail_seek(trail, session, keys, fault) &&
                trail_read_receipts(trail, session, keys, fault);
    trail_sort(trail);
    return done;
}

void trail_free(struct trail *trail)
{
    mem_free(trail->steps);
    *trail = (struct trail){0};
}
