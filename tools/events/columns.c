/*
 * columns.c - small writers, and the table that says which of them makes which column.
 */

#include "columns.h"

#include <inttypes.h>

#include "common/splitmix.h"
#include "elrelay/ground/buf.h"
#include "elrelay/ground/time_text.h"

#include "report.h"
#include "stream.h"
#include "words.h"

enum { MINUTES_A_DAY = 24 * 60 };

static void write_words(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, words_draw((enum words)of, report->source));
}

static void write_last_name(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->parties[of].last_name);
}

static void write_first_name(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->parties[of].first_name);
}

static void write_name(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->parties[of].name);
}

static void write_organization(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->parties[of].organization);
}

static void write_street(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_number(out, report->parties[of].house);
    buf_add_byte(out, ' ');
    buf_add_text(out, report->parties[of].street);
}

static void write_street_2(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->parties[of].street_2);
}

static void write_city(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->parties[of].place->city);
}

static void write_state(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->parties[of].place->state);
}

static void write_zip(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->parties[of].place->zip);
}

static void write_county(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->parties[of].place->county);
}

static void write_phone(struct buf *out, const struct report *report, unsigned of)
{
    const struct party *party = &report->parties[of];
    buf_add_format(out, "%s55501%02" PRIu32, party->place->area, party->phone);
}

static void write_clia(struct buf *out, const struct report *report, unsigned of)
{
    const struct party *party = &report->parties[of];
    buf_add_format(out, "%sD2%06" PRIu32, party->place->clia, party->number);
}

/* A mailbox of its number, below a domain that is given to nobody (RFC 2606). */
static void write_email(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, of == PARTY_PATIENT ? "patient" : "results");
    buf_add_number(out, report->parties[of].number);
    buf_add_text(out, "@example.com");
}

/* Nine digits and Luhn's check digit, as if 80840 stood in front of them, which adds 24. */
static void write_npi(struct buf *out, const struct report *report, unsigned of)
{
    uint32_t body = 123000000 + report->parties[of].number;
    uint32_t sum = 24;
    uint32_t factor = 2;
    for (uint32_t left = body; left > 0; left /= 10) {
        uint32_t product = left % 10 * factor;
        sum += product / 10 + product % 10;
        factor = 3 - factor;
    }
    buf_add_number(out, body);
    buf_add_number(out, (10 - sum % 10) % 10);
}

/* Looks like a UUID of version 4. */
static void uuid_write(struct buf *out, uint64_t high, uint64_t low)
{
    buf_add_format(out, "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
                   high >> 32, high >> 16 & 0xffff, high & 0xfff, (low >> 48 & 0x3fff) | 0x8000,
                   low & 0xffffffffffff);
}

static void write_id(struct buf *out, const struct report *report, unsigned of)
{
    (void)of;
    uint64_t high = splitmix_next(report->source);
    uuid_write(out, high, splitmix_next(report->source));
}

/* The last twelve digits are the event's number, so that no two events of a seed share an id.
 */
static void result_id_write(struct buf *out, uint64_t seed, uint64_t number)
{
    struct splitmix source;
    stream_open(&source, seed, number, TOPIC_RESULT_ID);
    uint64_t high = splitmix_next(&source);
    uuid_write(out, high, splitmix_next(&source) << 48 | number);
}

static void write_result_id(struct buf *out, const struct report *report, unsigned of)
{
    (void)of;
    result_id_write(out, report->seed, report->number);
}

static void write_corrected_id(struct buf *out, const struct report *report, unsigned of)
{
    (void)of;
    if (report->corrects)
        result_id_write(out, report->seed, report->corrects);
}

static void write_correction(struct buf *out, const struct report *report, unsigned of)
{
    if (report->corrects)
        write_words(out, report, of);
}

static void write_status(struct buf *out, const struct report *report, unsigned of)
{
    (void)of;
    buf_add_byte(out, report->corrects ? 'C' : 'F');
}

static void write_device(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->device->parts[of]);
}

static void write_specimen(struct buf *out, const struct report *report, unsigned of)
{
    buf_add_text(out, report->specimen->parts[of]);
}

/* yyyyMMdd */
static void write_day(struct buf *out, const struct report *report, unsigned of)
{
    char text[TIME_TEXT_MAX];
    time_text_write(text, report->minutes[of] * 60000);
    buf_add(out, (struct slice){text, 4});
    buf_add(out, (struct slice){text + 5, 2});
    buf_add(out, (struct slice){text + 8, 2});
}

/* yyyyMMddHHmmZ */
static void write_minute(struct buf *out, const struct report *report, unsigned of)
{
    uint64_t minute = report->minutes[of] % MINUTES_A_DAY;
    write_day(out, report, of);
    buf_add_format(out, "%02" PRIu64 "%02" PRIu64 "%s", minute / 60, minute % 60,
                   report->parties[PARTY_PATIENT].place->offset);
}

static void write_onset(struct buf *out, const struct report *report, unsigned of)
{
    if (report->symptomatic[0] == 'Y')
        write_day(out, report, of);
}

static void write_symptomatic(struct buf *out, const struct report *report, unsigned of)
{
    (void)of;
    buf_add_text(out, report->symptomatic);
}

/* A day that each month has, so that no calendar is needed for the time before 1970. */
static void write_birth(struct buf *out, const struct report *report, unsigned of)
{
    (void)of;
    uint64_t year = 1930 + splitmix_below(report->source, 95);
    uint64_t month = 1 + splitmix_below(report->source, 12);
    buf_add_number(out, year * 10000 + month * 100 + 1 + splitmix_below(report->source, 28));
}

const struct column columns[COLUMN_COUNT] = {
    {"Patient_last_name", write_last_name, PARTY_PATIENT, false},
    {"Patient_first_name", write_first_name, PARTY_PATIENT, false},
    {"Patient_middle_name", write_words, WORDS_FIRST_NAME, false},
    {"Patient_suffix", write_words, WORDS_SUFFIX, false},
    {"Patient_tribal_affiliation", write_words, WORDS_TRIBE, true},
    {"Patient_ID", write_id, 0, false},
    {"Ordered_test_code", write_device, DEVICE_LOINC, true},
    {"Specimen_source_site_code", write_specimen, SPECIMEN_SITE, true},
    {"Specimen_type_code", write_specimen, SPECIMEN_TYPE, true},
    {"Test_Kit_Name_ID", write_device, DEVICE_KIT, false},
    {"Device_ID", write_device, DEVICE_MODEL, true},
    {"Equipment_Model_ID", write_device, DEVICE_EQUIPMENT, false},
    {"Instrument_ID", write_id, 0, false},
    {"Result_ID", write_result_id, 0, false},
    {"Corrected_result_ID", write_corrected_id, 0, false},
    {"Test_correction_reason", write_correction, WORDS_CORRECTION, false},
    {"Test_result_status", write_status, 0, true},
    {"Order_result_status", write_status, 0, true},
    {"Observation_result_status", write_status, 0, true},
    {"Test_result_code", write_words, WORDS_RESULT, true},
    {"Illness_onset_date", write_onset, MOMENT_ONSET, true},
    {"Specimen_collection_date_time", write_minute, MOMENT_COLLECTED, true},
    {"Order_test_date", write_minute, MOMENT_ORDERED, true},
    {"Test_date", write_day, MOMENT_TESTED, true},
    {"Date_result_released", write_day, MOMENT_RELEASED, true},
    {"Patient_race", write_words, WORDS_RACE, true},
    {"Patient_DOB", write_birth, 0, true},
    {"Patient_gender", write_words, WORDS_GENDER, true},
    {"Patient_ethnicity", write_words, WORDS_ETHNICITY, true},
    {"Patient_preferred_language", write_words, WORDS_LANGUAGE, true},
    {"Patient_street", write_street, PARTY_PATIENT, false},
    {"Patient_street_2", write_street_2, PARTY_PATIENT, false},
    {"Patient_city", write_city, PARTY_PATIENT, false},
    {"Patient_state", write_state, PARTY_PATIENT, true},
    {"Patient_zip_code", write_zip, PARTY_PATIENT, true},
    {"Patient_country", write_words, WORDS_COUNTRY, true},
    {"Patient_phone_number", write_phone, PARTY_PATIENT, true},
    {"Patient_county", write_county, PARTY_PATIENT, false},
    {"Patient_email", write_email, PARTY_PATIENT, false},
    {"Patient_role", write_words, WORDS_ROLE, false},
    {"Processing_mode_code", write_words, WORDS_PROCESSING, true},
    {"Employed_in_healthcare", write_words, WORDS_YES_NO, true},
    {"Resident_congregate_setting", write_words, WORDS_YES_NO, true},
    {"First_test", write_words, WORDS_YES_NO, true},
    {"Symptomatic_for_disease", write_symptomatic, 0, true},
    {"Testing_lab_name", write_name, PARTY_LAB, false},
    {"Testing_lab_CLIA", write_clia, PARTY_LAB, true},
    {"Testing_lab_street", write_street, PARTY_LAB, false},
    {"Testing_lab_street_2", write_street_2, PARTY_LAB, false},
    {"Testing_lab_city", write_city, PARTY_LAB, false},
    {"Testing_lab_state", write_state, PARTY_LAB, true},
    {"Testing_lab_zip_code", write_zip, PARTY_LAB, true},
    {"Testing_lab_phone_number", write_phone, PARTY_LAB, true},
    {"Testing_lab_county", write_county, PARTY_LAB, false},
    {"Organization_name", write_organization, PARTY_FACILITY, false},
    {"Ordering_facility_name", write_name, PARTY_FACILITY, false},
    {"Ordering_facility_street", write_street, PARTY_FACILITY, false},
    {"Ordering_facility_street_2", write_street_2, PARTY_FACILITY, false},
    {"Ordering_facility_city", write_city, PARTY_FACILITY, false},
    {"Ordering_facility_state", write_state, PARTY_FACILITY, true},
    {"Ordering_facility_zip_code", write_zip, PARTY_FACILITY, true},
    {"Ordering_facility_phone_number", write_phone, PARTY_FACILITY, true},
    {"Ordering_facility_county", write_county, PARTY_FACILITY, false},
    {"Ordering_facility_email", write_email, PARTY_FACILITY, false},
    {"Ordering_provider_ID", write_npi, PARTY_PROVIDER, true},
    {"Ordering_provider_last_name", write_last_name, PARTY_PROVIDER, false},
    {"Ordering_provider_first_name", write_first_name, PARTY_PROVIDER, false},
    {"Ordering_provider_street", write_street, PARTY_PROVIDER, false},
    {"Ordering_provider_street_2", write_street_2, PARTY_PROVIDER, false},
    {"Ordering_provider_city", write_city, PARTY_PROVIDER, false},
    {"Ordering_provider_state", write_state, PARTY_PROVIDER, true},
    {"Ordering_provider_zip_code", write_zip, PARTY_PROVIDER, true},
    {"Ordering_provider_phone_number", write_phone, PARTY_PROVIDER, true},
    {"Ordering_provider_county", write_county, PARTY_PROVIDER, false},
    {"Site_of_care", write_words, WORDS_SITE_OF_CARE, false},
};
