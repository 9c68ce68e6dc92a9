#ifndef ELRELAY_CLI_FACTS_H
#define ELRELAY_CLI_FACTS_H

/*
 * facts.h - what a Redis server says about itself: version, role, what it does when it is full
 * or loses power.
 */

#include "cli/session.h"
#include "elrelay/core/decide/durability.h"

enum { FACT_MAX = 32 };

/* "" where the server did not say. */
struct facts {
    char server[FACT_MAX]; /* "redis", "valkey" */
    char version[FACT_MAX];
    char role[FACT_MAX];
    char policy[FACT_MAX];      /* maxmemory-policy */
    char maxmemory[FACT_MAX];   /* in bytes; "0": no limit */
    char appendfsync[FACT_MAX]; /* known only with the right to CONFIG GET */
    struct durability_facts durability;
};

/* What the user may not see stays "". */
bool facts_read(struct session *session, struct facts *facts, struct fault *fault);

#endif
