#ifndef ELRELAY_CORE_DECIDE_DURABILITY_H
#define ELRELAY_CORE_DECIDE_DURABILITY_H

/*
 * durability.h - what makes the mark `sending` outlive a power loss before a byte is posted.
 *
 * Without a barrier a Redis that lost power comes back older than what was posted, and sends
 * that again. Pure: what the server can do is read elsewhere.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"

/* name, word, what it does, for a person */
#define DURABILITY_LIST(ROW)                                                                   \
    ROW(AUTO, "auto", "the best that this Redis can do by itself")                             \
    ROW(NONE, "none", "nothing is waited for before a batch is sent")                          \
    ROW(ALWAYS, "always", "Redis answers only when a write is on its disk")                    \
    ROW(WAITAOF, "waitaof", "each send waits until Redis has it on its disk")                  \
    ROW(WAIT, "wait:", "each send waits until so many replicas have it")

#define DURABILITY_ENUM(name, word, sentence) DURABILITY_##name,
enum durability_kind { DURABILITY_LIST(DURABILITY_ENUM) DURABILITY_KIND_COUNT };
#undef DURABILITY_ENUM

enum { DURABILITY_REPLICAS_MAX = 16, DURABILITY_TEXT_MAX = 16 };

#define DURABILITY_RULE "must be auto, always, waitaof, wait:N with N from 1 to 16, or none"

struct durability {
    enum durability_kind kind;
    uint64_t replicas; /* WAIT */
};

/* When a write is on the disk: before it is answered, some time after, or when the kernel
 * likes.
 */
enum durability_fsync { FSYNC_NOT_KNOWN, FSYNC_ALWAYS, FSYNC_LATER, FSYNC_NEVER };

/* What a server says of itself. */
struct durability_facts {
    bool is_known; /* whether it has an AOF at all */
    bool has_aof;
    bool has_waitaof; /* Redis and Valkey from 7.2 on */
    enum durability_fsync fsync;
    uint64_t replicas; /* connected */
};

/* NULL is `auto`. False, and nothing changed, where DURABILITY_RULE does not hold. */
bool durability_read(struct durability *durability, const char *text);

/* "wait:2" */
void durability_write(const struct durability *durability, char text[DURABILITY_TEXT_MAX]);

/* What is in force with this server. What is asked for by name and cannot be had is FAULT_CONF,
 * which says what to set; replicas may come later. */
bool durability_choose(const struct durability *wanted, const struct durability_facts *facts,
                       struct durability *in_force, struct fault *fault);

/* What this does, for a person. */
const char *durability_sentence(const struct durability *durability);

/* What a power loss may cost where only the server's own settings count. */
const char *durability_power_loss(const struct durability_facts *facts);

#endif
