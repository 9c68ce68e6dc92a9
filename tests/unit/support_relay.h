#ifndef TESTS_UNIT_SUPPORT_RELAY_H
#define TESTS_UNIT_SUPPORT_RELAY_H

/*
 * support_relay.h - a conductor between fake ports, driven by a script.
 *
 * A script is a list of lines. `> WORDS` is what the conductor must do next (an act asked,
 * `post N` events, `tell WORD`); every other line is something that happens:
 *
 *     up / down / timer / flush / stop / drain / wait MS / reload
 *     list [STATE:ATTEMPTS[:gone|:missing|:other] ...]
 *                                             what is open; the batch in hand, if any, first
 *     survey WAITING [paused] [inbox N] [age MS]
 *     events N [bad N] [gone N]
 *     done / refused / failed                 the answer to the act asked last
 *     loaded N                                N good events, then done
 *     answer STATUS [retry MS] / broken END   the endpoint's answer
 *     idle / busy / due MS                    what must hold: relay_is_idle, the timer's delay
 *     uses first / uses next                  is the first configuration still in use?
 *     cycle N [stuck]                         the last cycle that ended
 *
 * Timers and debug news (batch_sealed, cycle_done ...) are only looked at where a script asks.
 */

void script_run(const char *name, const char *const *lines);

#endif
