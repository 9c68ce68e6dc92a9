/*
 * durability.c - from what is wanted and what the server can do to what is in force.
 */

#include "elrelay/core/decide/durability.h"

#include <stdio.h>
#include <string.h>

#include "elrelay/ground/number.h"

#define DURABILITY_WORD(name, word, sentence)     [DURABILITY_##name] = (word),
#define DURABILITY_SENTENCE(name, word, sentence) [DURABILITY_##name] = (sentence),

static const char *const durability_words[] = {DURABILITY_LIST(DURABILITY_WORD)};
static const char *const durability_sentences[] = {DURABILITY_LIST(DURABILITY_SENTENCE)};

static bool durability_read_replicas(struct durability *durability, struct slice number)
{
    uint64_t replicas = 0;
    if (!number_read_u64(number, &replicas) || replicas < 1 ||
        replicas > DURABILITY_REPLICAS_MAX)
        return false;
    *durability = (struct durability){DURABILITY_WAIT, replicas};
    return true;
}

bool durability_read(struct durability *durability, const char *text)
{
    const char *wait = durability_words[DURABILITY_WAIT];
    struct slice given = slice_of(text ? text : durability_words[DURABILITY_AUTO]);
    if (slice_is_text(slice_part(given, 0, strlen(wait)), wait))
        return durability_read_replicas(durability, slice_part(given, strlen(wait), given.len));
    for (size_t kind = 0; kind < DURABILITY_WAIT; kind++) {
        if (!slice_is_text(given, durability_words[kind]))
            continue;
        *durability = (struct durability){.kind = (enum durability_kind)kind};
        return true;
    }
    return false;
}

void durability_write(const struct durability *durability, char text[DURABILITY_TEXT_MAX])
{
    const char *word = durability_words[durability->kind];
    if (durability->kind == DURABILITY_WAIT)
        snprintf(text, DURABILITY_TEXT_MAX, "%s%u", word, (unsigned)durability->replicas);
    else
        snprintf(text, DURABILITY_TEXT_MAX, "%s", word);
}

static struct durability durability_best(const struct durability_facts *facts)
{
    struct durability best = {.kind = DURABILITY_NONE};
    if (facts->has_aof && facts->fsync == FSYNC_ALWAYS)
        best.kind = DURABILITY_ALWAYS;
    else if (facts->has_aof && facts->has_waitaof && facts->fsync != FSYNC_NEVER)
        best.kind = DURABILITY_WAITAOF;
    return best;
}

/* What keeps the server from it; NULL: nothing. */
static const char *durability_lack(enum durability_kind wanted,
                                   const struct durability_facts *facts)
{
    if (wanted != DURABILITY_ALWAYS && wanted != DURABILITY_WAITAOF)
        return NULL;
    if (!facts->has_aof)
        return "appendonly is off; set it to yes in the configuration of Redis";
    if (wanted == DURABILITY_WAITAOF && !facts->has_waitaof)
        return "this Redis has no WAITAOF, which came with 7.2; set it to always, and "
               "appendfsync of Redis too";
    if (wanted == DURABILITY_WAITAOF)
        return facts->fsync == FSYNC_NEVER
                   ? "appendfsync is no; set it to everysec in the configuration of Redis"
                   : NULL;
    if (facts->fsync == FSYNC_NOT_KNOWN)
        return "the Redis user may not see appendfsync; give it the right to CONFIG GET";
    return facts->fsync == FSYNC_ALWAYS
               ? NULL
               : "appendfsync is not, or not during rewrites; set appendfsync to always and "
                 "no-appendfsync-on-rewrite to no in the configuration of Redis";
}

bool durability_choose(const struct durability *wanted, const struct durability_facts *facts,
                       struct durability *in_force, struct fault *fault)
{
    const char *lack = durability_lack(wanted->kind, facts);
    if (lack)
        return fault_set(fault, FAULT_CONF, "redis.durability is %s, and %s",
                         durability_words[wanted->kind], lack);
    *in_force = wanted->kind == DURABILITY_AUTO ? durability_best(facts) : *wanted;
    return true;
}

const char *durability_sentence(const struct durability *durability)
{
    return durability_sentences[durability->kind];
}

const char *durability_power_loss(const struct durability_facts *facts)
{
    if (!facts->is_known)
        return "not visible to this Redis user";
    if (!facts->has_aof)
        return "appendonly is off: a crash of Redis loses what came since its last snapshot, "
               "and may send twice what was sent since then";
    if (facts->fsync == FSYNC_NOT_KNOWN)
        return "appendonly; whether each write is on the disk before Redis answers is not "
               "visible to this Redis user";
    if (facts->fsync == FSYNC_ALWAYS)
        return "appendonly, appendfsync always: "
               "nothing that Redis has answered is lost at a power loss";
    return "appendonly, appendfsync not always: at a power loss the last second or more "
           "is lost, and a batch sent in it may be sent twice";
}
