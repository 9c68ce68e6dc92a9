/*
 * progress.c - one line, drawn over itself at most ten times a second.
 */

#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/say.h"
#include "elrelay/edge/host/clock.h"

enum { PROGRESS_PATIENCE_MS = 2000, PROGRESS_PERIOD_MS = 100, PROGRESS_WIDTH = 30 };

void progress_begin(struct progress *progress, const char *what, uint64_t total)
{
    *progress = (struct progress){.what = what,
                                  .total = total,
                                  .begun_ms = clock_steady_ms(),
                                  .on = isatty(STDERR_FILENO)};
}

static void progress_draw_bar(const struct progress *progress, uint64_t done)
{
    uint64_t part = done < progress->total ? done : progress->total;
    int filled = (int)((double)part / (double)progress->total * PROGRESS_WIDTH);
    char bar[PROGRESS_WIDTH + 1] = {0};
    for (int i = 0; i < PROGRESS_WIDTH; i++)
        bar[i] = i < filled ? '#' : '.';
    fprintf(stderr, "  [%s]", bar);
}

void progress_show(struct progress *progress, uint64_t done, uint64_t events)
{
    if (!progress->on)
        return;
    uint64_t now = clock_steady_ms();
    if (now - progress->begun_ms < PROGRESS_PATIENCE_MS ||
        now - progress->drawn_ms < PROGRESS_PERIOD_MS)
        return;
    progress->drawn_ms = now;
    progress->drawn = true;
    fprintf(stderr, "\r\033[K%s", progress->what);
    if (progress->total > 0)
        progress_draw_bar(progress, done);
    char text[SAY_MAX];
    fprintf(stderr, "  %s", say_count(text, events, "event", "s"));
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->drawn)
        fprintf(stderr, "\r\033[K");
    progress->drawn = false;
}
