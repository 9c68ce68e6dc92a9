#ifndef ELRELAY_EVENTS_WORDS_H
#define ELRELAY_EVENTS_WORDS_H

/*
 * words.h - the words, codes and places that events are made of.
 *
 * People, firms and numbers are invented: telephone numbers end in 555 01xx, which is given to
 * nobody, and addresses of mail are below example.com. A word that stands in a list twice is
 * drawn twice as often.
 */

#include <stdint.h>

struct splitmix;

enum words {
    WORDS_LAST_NAME,
    WORDS_FIRST_NAME,
    WORDS_SUFFIX,
    WORDS_TRIBE,
    WORDS_RACE,
    WORDS_GENDER,
    WORDS_ETHNICITY,
    WORDS_LANGUAGE,
    WORDS_STREET,
    WORDS_STREET_2,
    WORDS_COUNTRY,
    WORDS_ROLE,
    WORDS_PROCESSING,
    WORDS_YES_NO,
    WORDS_RESULT,
    WORDS_CORRECTION,
    WORDS_LAB,
    WORDS_FACILITY,
    WORDS_ORGANIZATION,
    WORDS_SITE_OF_CARE,
    WORDS_COUNT,
};

struct word_list {
    const char *const *items;
    uint32_t count;
};

struct place {
    const char *city;
    const char *state;
    const char *zip;
    const char *county;
    const char *area;   /* of its telephone numbers */
    const char *offset; /* of its standard time */
    const char *clia;   /* how the CLIA numbers of its state begin */
};

enum device_part { DEVICE_LOINC, DEVICE_MODEL, DEVICE_KIT, DEVICE_EQUIPMENT, DEVICE_PARTS };

struct device {
    const char *parts[DEVICE_PARTS];
};

enum specimen_part { SPECIMEN_TYPE, SPECIMEN_SITE, SPECIMEN_PARTS };

struct specimen {
    const char *parts[SPECIMEN_PARTS];
};

extern const struct word_list word_lists[WORDS_COUNT];
extern const struct place places[];
extern const uint32_t place_count;
extern const struct device devices[];
extern const uint32_t device_count;
extern const struct specimen specimens[];
extern const uint32_t specimen_count;

const char *words_draw(enum words words, struct splitmix *source);

#endif
