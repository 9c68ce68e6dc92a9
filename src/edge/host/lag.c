/*
 * lag.c - from the end of a poll to the next one.
 *
 * libuv calls what polled, then the checks, then what closes and the timers, then the prepares,
 * and polls again.
 */

#include "lag.h"

#include "elrelay/ground/log.h"

enum { LAG_NS_A_MS = 1000 * 1000, LAG_TOTALS = 3 };

#define LAG_BOUND(ms) ms,
#define LAG_KEY(ms)   "to_" #ms "ms",

const uint32_t lag_bounds_ms[LAG_BOUNDS] = {LAG_LIST(LAG_BOUND)};
static const char *const lag_keys[LAG_BOUNDS + 1] = {LAG_LIST(LAG_KEY) "longer"};

void lag_add(struct lag_counts *counts, uint64_t busy_ms)
{
    size_t at = 0;
    while (at < LAG_BOUNDS && busy_ms > lag_bounds_ms[at])
        at++;
    counts->turns[at]++;
    counts->busy_ms += busy_ms;
    if (busy_ms > counts->longest_ms)
        counts->longest_ms = busy_ms;
}

static void lag_on_check(uv_check_t *check)
{
    struct lag *lag = check->data;
    lag->woken_ms = uv_now(check->loop);
}

static void lag_on_prepare(uv_prepare_t *prepare)
{
    struct lag *lag = prepare->data;
    uint64_t now_ms = uv_hrtime() / LAG_NS_A_MS;
    if (lag->woken_ms)
        lag_add(&lag->counts, now_ms > lag->woken_ms ? now_ms - lag->woken_ms : 0);
}

void lag_open(struct lag *lag, uv_loop_t *loop)
{
    *lag = (struct lag){0};
    uv_prepare_init(loop, &lag->prepare);
    uv_check_init(loop, &lag->check);
    lag->prepare.data = lag;
    lag->check.data = lag;
    uv_prepare_start(&lag->prepare, lag_on_prepare);
    uv_check_start(&lag->check, lag_on_check);
    uv_unref((uv_handle_t *)&lag->prepare);
    uv_unref((uv_handle_t *)&lag->check);
}

void lag_close(struct lag *lag)
{
    uv_close((uv_handle_t *)&lag->prepare, NULL);
    uv_close((uv_handle_t *)&lag->check, NULL);
}

void lag_log(const struct lag_counts *counts)
{
    struct log_field fields[LAG_TOTALS + LAG_BOUNDS + 1];
    uint64_t turns = 0;
    for (size_t i = 0; i <= LAG_BOUNDS; i++) {
        turns += counts->turns[i];
        fields[LAG_TOTALS + i] = log_number(lag_keys[i], counts->turns[i]);
    }
    fields[0] = log_number("turns", turns);
    fields[1] = log_number("busy_ms", counts->busy_ms);
    fields[2] = log_number("longest_ms", counts->longest_ms);
    log_fields(LOG_INFO, "loop", fields, sizeof(fields) / sizeof(fields[0]));
}
