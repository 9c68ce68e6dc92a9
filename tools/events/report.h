#ifndef ELRELAY_EVENTS_REPORT_H
#define ELRELAY_EVENTS_REPORT_H

/*
 * report.h - the facts of one test: who, where, with what and when, so that the columns agree
 * with each other.
 *
 * Laboratories, facilities and providers of a seed are the same throughout: a name always comes
 * with its address and number. The patient is drawn for each event and lives where the facility
 * stands.
 */

#include <stdint.h>

struct splitmix;
struct place;
struct device;
struct specimen;

enum party_role { PARTY_PATIENT, PARTY_LAB, PARTY_FACILITY, PARTY_PROVIDER, PARTY_COUNT };

struct party {
    const char *name;         /* of a laboratory or facility */
    const char *organization; /* that a facility belongs to */
    const char *last_name;
    const char *first_name;
    const struct place *place;
    uint32_t house;
    const char *street;
    const char *street_2;
    uint32_t phone;  /* last two digits */
    uint32_t number; /* six digits for identifiers */
};

/* In the order in which they come. */
enum moment {
    MOMENT_ONSET,
    MOMENT_ORDERED,
    MOMENT_COLLECTED,
    MOMENT_TESTED,
    MOMENT_RELEASED,
    MOMENT_COUNT
};

struct report {
    uint64_t seed;
    uint64_t number;
    uint64_t corrects;       /* number of an earlier event, or 0 */
    struct splitmix *source; /* for values that agree with no other; borrowed */
    struct party parties[PARTY_COUNT];
    const struct device *device;
    const struct specimen *specimen;
    const char *symptomatic;
    uint64_t minutes[MOMENT_COUNT]; /* since 1970, in local time */
};

/* Draws the facts from source, which the report goes on using. */
void report_draw(struct report *report, uint64_t seed, uint64_t number,
                 struct splitmix *source);

#endif
