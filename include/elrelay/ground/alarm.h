#ifndef ELRELAY_GROUND_ALARM_H
#define ELRELAY_GROUND_ALARM_H

/*
 * alarm.h - a complaint that lasts is told once.
 *
 * What needs a person is an error in the log when it begins and when it changes, and a line for
 * debugging while it is the same. An alarm that is zero is quiet.
 */

#include "elrelay/ground/fault.h"
#include "elrelay/ground/log.h"

struct alarm {
    char text[FAULT_TEXT_MAX]; /* told last; "": it is quiet */
};

/* The level at which this text is to be told now. */
enum log_level alarm_level(struct alarm *alarm, const char *text);

/* It is over: the next one is told again, whatever it says. True where there was one. */
bool alarm_end(struct alarm *alarm);

#endif
