#ifndef ELRELAY_CLI_SURVEY_H
#define ELRELAY_CLI_SURVEY_H

/*
 * survey.h - the state of one route as Redis tells it.
 */

#include "cli/alive.h"
#include "cli/session.h"
#include "elrelay/core/carry/reason.h"
#include "elrelay/core/decide/flow.h"
#include "elrelay/core/decide/hold.h"
#include "elrelay/core/decide/verdict.h"
#include "elrelay/core/told/conf.h"
#include "elrelay/ground/uuid.h"

enum { SURVEY_BATCHES_MAX = 200, SURVEY_LETTERS_MAX = 1000 };

struct survey_batch {
    struct uuid id;
    enum flow_state state;
    uint64_t events;
    uint64_t attempts;
    uint64_t since_ms; /* in this state; Redis time */
    uint64_t accepted_ms;
    enum hold why;                  /* it is held */
    char owner[ALIVE_NAME_MAX];     /* token of its daemon */
    bool orphan;                    /* sending, and its daemon is gone: in doubt */
    char outcome[OUTCOME_TEXT_MAX]; /* of the last POST; "": none, or it no longer matters */
};

struct route_survey {
    const struct route_conf *route;
    bool started; /* the consumer group is there: a daemon has run once */
    bool paused;
    uint64_t waiting;
    uint64_t oldest_ms; /* 0: none waits */
    uint64_t now_ms;    /* Redis time */
    uint64_t inbox;
    uint64_t missing; /* deleted or trimmed by somebody else */
    uint64_t leased;  /* read under a forming batch */
    uint64_t foreign; /* read with our group by somebody else */
    struct survey_batch batches[SURVEY_BATCHES_MAX];
    size_t batch_count;
    uint64_t open;      /* how many there are */
    uint64_t held;      /* of these, waiting for a person */
    uint64_t doubt;     /* of these, perhaps taken, perhaps not; orphans too */
    uint64_t dead;      /* dead letters there are */
    uint64_t dead_seen; /* the newest ones, which `reasons` counts */
    uint64_t reasons[REASON_COUNT];
    struct survey_batch last_accepted; /* id "": none known */
    uint64_t limit_bytes; /* of a body, learned from the endpoint; 0: none is in force */
    struct alive alive;
};

bool survey_read(struct session *session, const struct route_conf *route,
                 struct route_survey *found, struct fault *fault);

/* Only the batches and the daemons. */
bool survey_read_trouble(struct session *session, const struct route_conf *route,
                         struct route_survey *found, struct fault *fault);

/* The consumer group is gone although batches were sealed. */
bool survey_group_is_lost(const struct route_survey *found);

/* A batch is held, or nobody knows whether it was taken, or the group is lost. */
bool survey_needs_person(const struct route_survey *found);

#endif
