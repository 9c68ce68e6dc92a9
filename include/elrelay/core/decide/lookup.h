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
    uint64_t now_unix_ms;   /* of the look, our time; 0: not known */
};

enum lookup_result {
    LOOKUP_FOUND,   /* listed as accepted, with our count; the receipt is filled */
    LOOKUP_DIFFERS, /* listed, but not so, or more than once: a person must look */
    LOOKUP_MORE,    /* there is another page */
    LOOKUP_ABSENT,  /* the list was read to its end, and is not there */
    LOOKUP_AGAIN,   /* no answer, or the endpoint is busy or in trouble: the same look, later */
    LOOKUP_BARRED,  /* not permitted, not there or not readable: the fallback decides */
    LOOKUP_RESULT_COUNT,
};

/* One look: what its pages have come to so far. */
struct lookup_page {
    enum lookup_result result;
    struct receipt receipt; /* FOUND */
    struct buf cursor;      /* MORE: for the next URL */
    uint64_t seen;          /* times the batch was listed so far, each submission once */
    bool good;              /* one of these as accepted and with our count */
    bool listed;            /* a submission was listed, ours or not, ... */
    bool named;             /* ... and one of them with the name it may have got */
    uint32_t pages;         /* read so far */
    uint64_t last_unix_ms;  /* of the last submission listed so far */
};

void lookup_page_init(struct lookup_page *page);
void lookup_page_free(struct lookup_page *page);

/* The URL of the next page of a look, in place of what url held: the first one where
 * page->cursor is empty. False at url's ceiling. */
bool lookup_write_url(struct buf *url, const struct lookup_conf *conf,
                      const struct lookup_for *wanted, const struct lookup_page *page);

/* The URL of the list of a ReportStream endpoint (ENDPOINT 4.3) that has none of its own;
 * client is its header, empty where the query of endpoint_url has it. False where there is
 * none. */
bool lookup_write_default_url(struct buf *url, struct slice endpoint_url, struct slice client);

/* Reads an answer to that URL into page; AGAIN leaves the rest of page as it was, so that the
 * same URL can be asked again. */
void lookup_read(struct lookup_page *page, const struct lookup_for *wanted,
                 const struct answer *answer);

const char *lookup_word(enum lookup_result result);

#endif
