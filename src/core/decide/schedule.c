/*
 * schedule.c - ticks on a grid.
 *
 * Pure: the caller brings the clock.
 */

#include "elrelay/core/decide/schedule.h"

void schedule_init(struct schedule *schedule, const struct schedule_conf *conf, uint64_t now_ms)
{
    *schedule = (struct schedule){.every_ms = conf->every_ms, .next_ms = now_ms};
}

void schedule_change(struct schedule *schedule, const struct schedule_conf *conf,
                     uint64_t now_ms)
{
    if (schedule->every_ms == conf->every_ms)
        return;
    bool had_tick = schedule->next_ms >= schedule->every_ms;
    uint64_t next = had_tick ? schedule->next_ms - schedule->every_ms + conf->every_ms : now_ms;
    schedule->every_ms = conf->every_ms;
    schedule->next_ms = next > now_ms ? next : now_ms;
}

bool schedule_take(struct schedule *schedule, uint64_t now_ms)
{
    if (now_ms < schedule->next_ms)
        return false;
    uint64_t missed = (now_ms - schedule->next_ms) / schedule->every_ms;
    schedule->next_ms += (missed + 1) * schedule->every_ms;
    return true;
}

uint64_t schedule_wait_ms(const struct schedule *schedule, uint64_t now_ms)
{
    return schedule->next_ms > now_ms ? schedule->next_ms - now_ms : 0;
}
