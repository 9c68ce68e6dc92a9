#ifndef ELRELAY_CORE_DECIDE_SCHEDULE_H
#define ELRELAY_CORE_DECIDE_SCHEDULE_H

/*
 * schedule.h - when the next tick is due, on a clock that never jumps.
 *
 * Ticks stand on a grid from the start on: one that is late or a flush in between never shifts
 * it, and ticks that were missed (a long drain, a suspended machine) are one tick, not many.
 */

#include <stdbool.h>
#include <stdint.h>

struct schedule_conf {
    uint64_t every_ms;
};

struct schedule {
    uint64_t every_ms;
    uint64_t next_ms; /* steady time */
};

/* The first tick is due at once. */
void schedule_init(struct schedule *schedule, const struct schedule_conf *conf,
                   uint64_t now_ms);

/* A new interval from the last tick on; never in the past of now_ms. */
void schedule_change(struct schedule *schedule, const struct schedule_conf *conf,
                     uint64_t now_ms);

/* True once per grid point that has passed; the next one is then ahead of now_ms. */
bool schedule_take(struct schedule *schedule, uint64_t now_ms);

/* Milliseconds until the next tick; 0 when it is due. */
uint64_t schedule_wait_ms(const struct schedule *schedule, uint64_t now_ms);

#endif
