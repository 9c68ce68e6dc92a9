#ifndef ELRELAY_EDGE_HOST_CRASH_H
#define ELRELAY_EDGE_HOST_CRASH_H

/*
 * crash.h - the points at which a test build can be made to die.
 *
 * ELRELAY_CRASH_AT=NAME[:COUNT] in the environment: the process kills itself with SIGKILL when
 * it passes that point for the COUNTth time (1 where not given). `list` prints the names, one a
 * line. Beside the points below each act of the conductor has two: before-ACT, just before the
 * first command of it goes to Redis, and after-ACT, when Redis has answered and the conductor
 * does not know. Only a build with -DELRELAY_CRASH_POINTS=ON has any of this; in all others the
 * macros are nothing, and no word of it is in the program.
 */

#include <stddef.h>

/* name, word, where that is */
#define CRASH_POINT_LIST(ROW)                                                                  \
    ROW(POST_BEGIN, "post-begin", "before the connect")                                        \
    ROW(POST_FIRST_BYTE, "post-first-byte", "the first byte of the body is in the socket")     \
    ROW(POST_MID_BODY, "post-mid-body", "half of it is")                                       \
    ROW(POST_LAST_BYTE, "post-last-byte", "all of it is, and no answer has come")              \
    ROW(POST_ANSWERED, "post-answered", "it is over, and the conductor does not know")         \
    ROW(GET_BEGIN, "get-begin", "before the connect")                                          \
    ROW(GET_ANSWERED, "get-answered", "it is over, and the conductor does not know")           \
    ROW(BURY_CHUNK, "bury-chunk", "some dead letters are stored, the others are not")          \
    ROW(SEAL_CHUNK, "seal-chunk", "some ids are stored, and the batch is not sealed")          \
    ROW(SEND_STORED, "send-stored", "`sending` is stored, and not yet seen again")             \
    ROW(MOVE_TERMINATED, "move-terminated", "it is terminated, and nothing is given back")     \
    ROW(ABANDON_CHUNK, "abandon-chunk", "some events are given back, the others are not")      \
    ROW(CONVERT, "convert", "an event that begins with CRASH_MARK is to be converted")

#define CRASH_MARK "{\"crash\""

#define CRASH_ENUM(name, word, sentence) CRASH_##name,
enum crash_point { CRASH_POINT_LIST(CRASH_ENUM) CRASH_POINT_COUNT };
#undef CRASH_ENUM

#ifdef ELRELAY_CRASH_POINTS
#define CRASH_BEGIN()                   crash_begin()
#define CRASH_PASS(point)               crash_pass(point)
#define CRASH_BEFORE(act)               crash_pass_act("before-", (act))
#define CRASH_AFTER(act)                crash_pass_act("after-", (act))
#define CRASH_PART(handed, whole, part) crash_part((handed), (whole), (part))
#define CRASH_EVENTS(events, count)     crash_events((events), (count))
#else
#define CRASH_BEGIN()                   ((void)0)
#define CRASH_PASS(point)               ((void)0)
#define CRASH_BEFORE(act)               ((void)0)
#define CRASH_AFTER(act)                ((void)0)
#define CRASH_PART(handed, whole, part) (part)
#define CRASH_EVENTS(events, count)     ((void)0)
#endif

/* Reads the environment, once, before any point; ends the process for `list` and for a name
 * that is none. */
void crash_begin(void);

void crash_pass(enum crash_point point);

/* when: "before-" or "after-"; the word of the act. */
void crash_pass_act(const char *when, const char *act);

/*
 * Of a body of `whole` bytes, `handed` of which are in the socket, the next `part` shall go:
 * passes the points that lie there, and gives how many may go up to the next one.
 */
size_t crash_part(size_t handed, size_t whole, size_t part);

/* Events that are to be converted next. */
struct event;
void crash_events(const struct event *events, size_t count);

#endif
