/*
 * notify.c - libsystemd's datagrams.
 */

#include "elrelay/edge/host/notify.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-daemon.h>

void notify_status(const char *status)
{
    sd_notifyf(0, "STATUS=%.*s", (int)strcspn(status, "\n"), status);
}

void notify_ready(void)
{
    sd_notify(0, "READY=1");
}

/* The manager tells reloads apart by the time at which they began (Type=notify-reload). */
void notify_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_us);
}

void notify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void notify_watchdog(void)
{
    sd_notify(0, "WATCHDOG=1");
}

uint64_t notify_watchdog_every_ms(void)
{
    uint64_t limit_us = 0;
    return sd_watchdog_enabled(0, &limit_us) > 0 ? limit_us / 2000 : 0;
}
