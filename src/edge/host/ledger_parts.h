#ifndef EDGE_HOST_LEDGER_PARTS_H
#define EDGE_HOST_LEDGER_PARTS_H

/*
 * ledger_parts.h - what the files of the ledger share.
 *
 *   ledger.c         its life: key, lock; what is asked of it
 *   ledger_file.c    records as bytes: read, checked, added, written anew
 *   ledger_known.c   what the records say of each batch
 *   ledger_index.c   events of some batches
 *
 * A record is RECORD_BYTES long and ends with a keyed digest of the rest. The first is the
 * head; a batch has one for each thing that happened to it, and behind its first `sending`
 * stand its marks, MARKS_PER_RECORD in each.
 */

#include "elrelay/edge/host/crypto.h"
#include "elrelay/edge/host/ledger.h"
#include "elrelay/ground/buf.h"

enum {
    RECORD_BYTES = 64,
    RECORD_CHECK_AT = 56,
    MARKS_PER_RECORD = 3,
    BATCH_ID_BYTES = 16,
    BODY_BYTES = 8,
    LEDGER_KEY_BYTES = 32
};

enum record_kind { RECORD_HEAD = 'H', RECORD_BATCH = 'B', RECORD_MARKS = 'M' };

/* One of a batch. */
struct record {
    uint8_t id[BATCH_ID_BYTES];
    enum recall_state state;
    uint32_t attempt;
    uint32_t count;
    uint32_t route;
    uint64_t unix_ms;
    uint64_t endpoint;
    uint8_t body[BODY_BYTES];
};

/* What the records say of a batch. */
struct known {
    struct record last; /* state; attempt, body and endpoint of the last send */
    uint64_t first_unix_ms;
    uint64_t last_unix_ms; /* of the last send */
    uint64_t touched_ms;   /* of the last record */
    uint64_t marks_at;     /* where its marks begin; 0: none */
    uint32_t marks;        /* how many stand there */
};

struct ledger {
    char *path;
    int key_fd; /* locked; -1: only looked at */
    int fd;     /* -1: none is in use */
    struct crypto_mac *mac;
    uint64_t end;        /* bytes in use */
    struct known *known; /* by id */
    size_t known_count;
    size_t known_cap;
    uint64_t damaged;  /* records that do not check */
    uint64_t swept_ms; /* when it was last looked for old records */
    bool foreign;
    bool full;
};

/* ledger_file.c */
void file_add_head(const struct ledger *ledger, struct buf *out);
void file_add_record(const struct ledger *ledger, const struct record *record, struct buf *out);
void file_add_marks(const struct ledger *ledger, const uint8_t id[BATCH_ID_BYTES],
                    const struct mark *marks, size_t count, struct buf *out);

/* Reads all records into known; end is where good ones end. False where the disk fails. */
bool file_scan(struct ledger *ledger, struct fault *fault);

/* Adds to the end, all or nothing; lasting: on the disk when it returns. */
bool file_append(struct ledger *ledger, struct slice bytes, bool lasting, struct fault *fault);

/* The marks of a batch, at most as many as it has; how many there are. */
size_t file_read_marks(const struct ledger *ledger, const struct known *known,
                       struct mark *marks);

/* Makes the file anew, with what is known of each batch, in place of what is there. */
bool file_rewrite(struct ledger *ledger, struct fault *fault);

/* ledger_known.c */
bool known_id(const struct uuid *id, uint8_t bytes[BATCH_ID_BYTES]);
void known_uuid(const uint8_t bytes[BATCH_ID_BYTES], struct uuid *id);
struct known *known_find(const struct ledger *ledger, const uint8_t id[BATCH_ID_BYTES]);
struct known *known_take(struct ledger *ledger, const struct record *record);
bool known_may_be_taken(const struct known *known);
size_t known_drop_old(struct ledger *ledger, uint64_t now_unix_ms);
uint64_t known_bytes(const struct ledger *ledger, uint64_t now_unix_ms);

#endif
