#ifndef ELRELAY_CLI_FACTS_H
#define ELRELAY_CLI_FACTS_H

/*
 * facts.h - what a Redis server says about itself: version, role, what it does when it is full
 * or loses power.
 */

#include "cli/session.h"

enum { FACT_MAX = 32 };

/* "" where the server did not say. */
struct facts {
    char server[FACT_MAX]; /* "redis", "valkey" */
    char version[FACT_MAX];
    char role[FACT_MAX];
    char policy[FACT_MAX];      /* maxmemory-policy */
    char maxmemory[FACT_MAX];   /* in bytes; "0": no limit */
    char appendonly[FACT_MAX];  /* "0", "1" */
    char appendfsync[FACT_MAX]; /* known only with the right to CONFIG GET */
};

/* What the user may not see stays "". */
bool facts_read(struct session *session, struct facts *facts, struct fault *fault);

/* What a power loss may do to the queue, for a person. */
const char *facts_durability(const struct facts *facts);

#endif
