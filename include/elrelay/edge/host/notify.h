#ifndef ELRELAY_EDGE_HOST_NOTIFY_H
#define ELRELAY_EDGE_HOST_NOTIFY_H

/*
 * notify.h - what the service manager is told (sd_notify(3)). Without one, each call does
 * nothing.
 */

#include <stdint.h>

/* One line for `systemctl status`: words and numbers of our own; cut at a line break. */
void notify_status(const char *status);

/* Start-up, or a reload, is over. */
void notify_ready(void);

/* A reload begins; notify_ready ends it. */
void notify_reloading(void);

void notify_stopping(void);

/* Still alive. */
void notify_watchdog(void);

/* How often to say so: half of the manager's limit, in milliseconds; 0 where none is kept. */
uint64_t notify_watchdog_every_ms(void);

#endif
