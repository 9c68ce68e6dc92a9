#ifndef ELRELAY_CORE_DECIDE_LOOKUP_H
#define ELRELAY_CORE_DECIDE_LOOKUP_H

/*
 * lookup.h - "did my lost POST arrive?", asked of the endpoint's list of submissions.
 *
 * Pure: it writes the URL of the next page and reads a page. The list names batches by the id
 * that travelled in the profile's batch header (ReportStream: `payloadname`, listed as
 * `externalName`). Not found is no proof by itself: when to look, and how often, is the
 * caller's.
 */

#include "elrelay/core/decide/verdict.h"
#include "elrelay/ground/buf.h"

/* What a batch in doubt is resolved by; the order is that of the setting's words. */
enum unknown_policy { UNKNOWN_LOOKUP, UNKNOWN_RESEND, UNKNOWN_HOLD };

struct lookup_conf {
    char *url;             /* of the list, without a query; NULL: the profile has none */
    uint64_t settle_ms;    /* from the last send to the first look */
    uint64_t gap_ms;       /* from a look that found nothing to the next one */
    bool fallback_resends; /* what follows where the list cannot tell; else held */
};

enum { LOOKUP_SKEW_MS = 10 * 60 * 1000, LOOKUP_PAGE_SIZE = 50, LOOKUP_PAGES_MAX = 200 };

/* The batch that is looked for. */
struct lookup_for {
    struct slice batch_id;
    uint64_t count;         /* events of it */
    uint64_t first_unix_ms; /* its first send, our time */
};

enum lookup_result {
    LOOKUP_FOUND,   /* listed as accepted, with our count; the receipt is filled */
    LOOKUP_DIFFERS, /* listed, with another count or more than once: a person must look */
    LOOKUP_MORE,    /* not on this page; there is another one */
    LOOKUP_ABSENT,  /* the list was read to its end, and is not there */
    LOOKUP_AGAIN,   /* no answer, or the endpoint is busy or in trouble: the same look, later */
    LOOKUP_BARRED,  /* not permitted, not there or not readable: the fallback decides */
};

struct lookup_page {
    enum lookup_result result;
    struct receipt receipt; /* FOUND */
    struct buf cursor;      /* MORE: for the next URL; kept between pages */
    uint64_t seen;          /* times the batch was listed so far, over all pages of a look */
    bool in_time;           /* DATE of an answer was late enough to show it; see lookup.c */
};

void lookup_page_init(struct lookup_page *page);
void lookup_page_free(struct lookup_page *page);

/* The URL of the next page of a look: the first one where page->cursor is empty. */
bool lookup_write_url(struct buf *url, const struct lookup_conf *conf,
                      const struct lookup_for *wanted, const struct lookup_page *page);

/* Reads an answer to that URL into page. */
void lookup_read(struct lookup_page *page, const struct lookup_for *wanted,
                 const struct answer *answer);

const char *lookup_word(enum lookup_result result);

#endif
