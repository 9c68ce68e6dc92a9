/*
 * alarm.c - the text that was told last.
 */

#include "elrelay/ground/alarm.h"

#include <stdio.h>
#include <string.h>

enum log_level alarm_level(struct alarm *alarm, const char *text)
{
    if (strncmp(alarm->text, text, sizeof(alarm->text) - 1) == 0)
        return LOG_DEBUG;
    snprintf(alarm->text, sizeof(alarm->text), "%s", text);
    return LOG_ERROR;
}

bool alarm_end(struct alarm *alarm)
{
    bool was_told = alarm->text[0] != '\0';
    alarm->text[0] = '\0';
    return was_told;
}
