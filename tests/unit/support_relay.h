#ifndef TESTS_UNIT_SUPPORT_RELAY_H
#define TESTS_UNIT_SUPPORT_RELAY_H

/*
 * support_relay.h - a conductor between fake ports, driven by a script.
 *
 * A script is a list of lines. `> WORDS` is what the conductor must do next (an act asked,
 * `post N` events, `tell WORD`); every other line is something that happens:
 *
 *     up / down / timer / flush / stop / drain / wait MS / reload [max_events N] [none]
 *     policy lookup [or resend] / policy hold  first line: ReportStream, and what a doubt is
 *                                             resolved by
 *     policy none                             first line: profile none
 *     many N                                  first line: POSTs at a time
 *     room N                                  first line: batch.max_bytes
 *     missing MS                              another instance may be gone then
 *     ledger [full]                           first line: there is one; later: it can(not) be
 *                                             written. `> ledger WORD`: what is written
 *     sent N STATE [elsewhere] [own]          the ledger knows a batch of N events that Redis
 *                                             has forgotten, sent 1 s ago; own: it is ours
 *     list [STATE:ATTEMPTS[:FLAG]... ...]     what is open; the batch dealt with last, if any,
 *                                             first. FLAG: gone, missing, other (owner);
 *                                             doubted, absent, refused, proved, elsewhere,
 *                                             settled, half (of a split batch), one (event);
 *                                             none:0 keeps a place; postK: that of the Kth POST
 *     survey WAITING [paused] [inbox N] [age MS] [doubts N] [limit N]
 *     events N [bad N] [gone N] [old N]       old ones were sent in that batch, the first ones
 *     done / refused / failed                 the answer to the act asked last; with
 *                                             `for ACT [of K]`, as with `events`, to that one
 *     loaded N                                N good events, then done
 *     answer STATUS [retry MS] [receipt N] [items d@ROW s@ROW ...] [all there] [rows] or
 *     broken END
 *                                             [of K]: to the script's Kth POST, else the last
 *     page absent / page found N / page STATUS  the endpoint's list
 *     idle / busy / due MS                    what must hold: relay_is_idle, the timer's delay
 *     uses first / uses next                  is the first configuration still in use?
 *     cycle N [stuck]                         the last cycle that ended
 *
 * Timers and debug news (batch_sealed, cycle_done ...) are only looked at where a script asks.
 */

void script_run(const char *name, const char *const *lines);

enum { LINES_MAX = 96 };

struct scenario {
    const char *name;
    const char *lines[LINES_MAX];
};

#define START   "up", "> list", "list", "> list", "list", "> survey"
#define FILL3   "> begin", "done", "> peek", "events 3", "> peek", "events 0", "> seal", "done"
#define FORM3   "survey 3", FILL3
#define SEND3   "> send", "done", "> post 3"
#define LOAD3   "> load", "loaded 3"
#define REST    "> survey", "survey 0"
#define SETTLE3 "> accept", "done", "> tell batch_accepted 3", "> drain", "done"

#endif
