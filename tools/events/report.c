/*
 * report.c - draws the facts. The year is 2026 whenever it runs: a clock would make other bytes
 * each day.
 */

#include "report.h"

#include "common/splitmix.h"

#include "stream.h"
#include "words.h"

enum {
    FACILITIES_A_PLACE = 4,
    PROVIDERS_A_FACILITY = 4,
    DAYS_TO_2026 = 20454, /* from 1970-01-01 to 2026-01-01 */
    DAYS_A_YEAR = 365,
    MINUTES_A_DAY = 24 * 60,
    OPENS_MINUTE = 7 * 60, /* of the day */
    OPEN_MINUTES = 12 * 60,
    ORDERED_MINUTES = 3 * 60,           /* before the specimen, at most */
    TESTED_MINUTES = 2 * MINUTES_A_DAY, /* after it, at most */
    CORRECTS_BACK = 1000,               /* events; a correction follows soon */
};

static const double CORRECTED_SHARE = 0.02;

static void party_draw(struct party *party, const struct place *place, struct splitmix *source)
{
    *party = (struct party){.place = place};
    party->organization = words_draw(WORDS_ORGANIZATION, source);
    party->last_name = words_draw(WORDS_LAST_NAME, source);
    party->first_name = words_draw(WORDS_FIRST_NAME, source);
    party->house = 1 + (uint32_t)splitmix_below(source, 9999);
    party->street = words_draw(WORDS_STREET, source);
    party->street_2 = words_draw(WORDS_STREET_2, source);
    party->phone = (uint32_t)splitmix_below(source, 100);
    party->number = (uint32_t)splitmix_below(source, 1000000);
}

static void report_draw_lab(struct report *report)
{
    struct splitmix source;
    uint64_t number = splitmix_below(report->source, word_lists[WORDS_LAB].count);
    stream_open(&source, report->seed, number, TOPIC_LAB);
    struct party *lab = &report->parties[PARTY_LAB];
    party_draw(lab, &places[splitmix_below(&source, place_count)], &source);
    lab->name = word_lists[WORDS_LAB].items[number];
}

static void report_draw_parties(struct report *report)
{
    struct splitmix source;
    uint64_t number = splitmix_below(report->source, place_count);
    const struct place *place = &places[number];
    party_draw(&report->parties[PARTY_PATIENT], place, report->source);

    number = number * FACILITIES_A_PLACE + splitmix_below(report->source, FACILITIES_A_PLACE);
    stream_open(&source, report->seed, number, TOPIC_FACILITY);
    party_draw(&report->parties[PARTY_FACILITY], place, &source);
    report->parties[PARTY_FACILITY].name = words_draw(WORDS_FACILITY, &source);

    number = number * PROVIDERS_A_FACILITY +
             splitmix_below(report->source, PROVIDERS_A_FACILITY);
    stream_open(&source, report->seed, number, TOPIC_PROVIDER);
    party_draw(&report->parties[PARTY_PROVIDER], place, &source);
    report_draw_lab(report);
}

static void report_draw_minutes(struct report *report)
{
    uint64_t day = DAYS_TO_2026 + splitmix_below(report->source, DAYS_A_YEAR);
    uint64_t collected = day * MINUTES_A_DAY + OPENS_MINUTE +
                         splitmix_below(report->source, OPEN_MINUTES);
    uint64_t *minutes = report->minutes;
    minutes[MOMENT_COLLECTED] = collected;
    minutes[MOMENT_ORDERED] = collected - splitmix_below(report->source, ORDERED_MINUTES);
    minutes[MOMENT_ONSET] = collected - (1 + splitmix_below(report->source, 6)) * MINUTES_A_DAY;
    minutes[MOMENT_TESTED] = collected + 15 + splitmix_below(report->source, TESTED_MINUTES);
    minutes[MOMENT_RELEASED] = minutes[MOMENT_TESTED] + 5 +
                               splitmix_below(report->source, MINUTES_A_DAY);
}

static uint64_t report_draw_corrected(const struct report *report)
{
    uint64_t back = report->number - 1 < CORRECTS_BACK ? report->number - 1 : CORRECTS_BACK;
    if (!splitmix_happens(report->source, CORRECTED_SHARE) || report->number == 1)
        return 0;
    return report->number - 1 - splitmix_below(report->source, back);
}

void report_draw(struct report *report, uint64_t seed, uint64_t number, struct splitmix *source)
{
    *report = (struct report){.seed = seed, .number = number, .source = source};
    report_draw_parties(report);
    report_draw_minutes(report);
    report->corrects = report_draw_corrected(report);
    report->device = &devices[splitmix_below(source, device_count)];
    report->specimen = &specimens[splitmix_below(source, specimen_count)];
    report->symptomatic = words_draw(WORDS_YES_NO, source);
}
