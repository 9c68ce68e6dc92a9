/*
 * crash.c - the points by name, and the end at one of them.
 */

#include "elrelay/edge/host/crash.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elrelay/core/relay/ports.h"
#include "elrelay/ground/number.h"

enum { CRASH_USAGE = 2 };

#define CRASH_WORD(name, word, sentence)        word,
#define CRASH_BEFORE_WORD(name, word, sentence) "before-" word,
#define CRASH_AFTER_WORD(name, word, sentence)  "after-" word,

static const char *const crash_words[] = {CRASH_POINT_LIST(CRASH_WORD)};
static const char *const crash_act_words[] = {ACT_LIST(CRASH_BEFORE_WORD)
                                                  ACT_LIST(CRASH_AFTER_WORD)};

/* Where it ends; an empty name is nowhere. */
static struct slice crash_name;
static uint64_t crash_left; /* passes until then */

static bool crash_is_among(const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is_text(crash_name, words[i]))
            return true;
    return false;
}

static void crash_list(const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        puts(words[i]);
}

#define CRASH_WORDS     crash_words, sizeof(crash_words) / sizeof(crash_words[0])
#define CRASH_ACT_WORDS crash_act_words, sizeof(crash_act_words) / sizeof(crash_act_words[0])

void crash_begin(void)
{
    const char *at = getenv("ELRELAY_CRASH_AT");
    if (!at)
        return;
    if (strcmp(at, "list") == 0) {
        crash_list(CRASH_ACT_WORDS);
        crash_list(CRASH_WORDS);
        exit(EXIT_SUCCESS);
    }
    const char *colon = strchr(at, ':');
    crash_name = colon ? (struct slice){at, (size_t)(colon - at)} : slice_of(at);
    crash_left = 1;
    if ((crash_is_among(CRASH_ACT_WORDS) || crash_is_among(CRASH_WORDS)) &&
        (!colon || (number_read_u64(slice_of(colon + 1), &crash_left) && crash_left > 0)))
        return;
    fprintf(stderr, "elrelay: ELRELAY_CRASH_AT must be NAME[:COUNT]; list shows the names\n");
    exit(CRASH_USAGE);
}

static void crash_pass_here(void)
{
    if (--crash_left == 0)
        kill(getpid(), SIGKILL);
}

void crash_pass(enum crash_point point)
{
    if (slice_is_text(crash_name, crash_words[point]))
        crash_pass_here();
}

void crash_pass_act(const char *when, const char *act)
{
    size_t len = strlen(when);
    if (slice_is(slice_part(crash_name, 0, len), slice_of(when)) &&
        slice_is_text(slice_part(crash_name, len, crash_name.len), act))
        crash_pass_here();
}

size_t crash_part(size_t handed, size_t whole, size_t part)
{
    if (handed == 1)
        crash_pass(CRASH_POST_FIRST_BYTE);
    if (handed == whole / 2)
        crash_pass(CRASH_POST_MID_BODY);
    if (!crash_name.len)
        return part;
    size_t next = handed == 0 ? 1 : handed < whole / 2 ? whole / 2 : whole;
    return part < next - handed ? part : next - handed;
}

void crash_events(const struct event *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (events[i].has_bytes &&
            slice_is(slice_part(events[i].bytes, 0, sizeof(CRASH_MARK) - 1), SLICE(CRASH_MARK)))
            crash_pass(CRASH_CONVERT);
}
