/*
 * ledger_file.c - records as bytes: read, checked, added, written anew.
 *
 * Numbers are little-endian. What does not check is passed over, wherever it stands; at the end
 * it is what a torn write left, and is cut.
 */

#include "ledger_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elrelay/ground/log.h"
#include "elrelay/ground/mem.h"

enum {
    FILE_VERSION = 1,
    FILE_CHUNK = 1024 * RECORD_BYTES,
    FILE_APPEND_MAX = 16 * 1024 * 1024,
    FILE_MODE = 0600,
    FILE_NAME_MAX = 8192,
    HEAD_VERSION_AT = 1,
    HEAD_WORD_AT = 8,
    RECORD_STATE_AT = 1,
    RECORD_ATTEMPT_AT = 4,
    RECORD_ID_AT = 8,
    RECORD_TIME_AT = 24,
    RECORD_COUNT_AT = 32,
    RECORD_ROUTE_AT = 36,
    RECORD_BODY_AT = 40,
    RECORD_ENDPOINT_AT = 48,
    MARKS_COUNT_AT = 1,
    MARKS_TAG_AT = 4, /* the last bytes of the batch's id */
    MARKS_TAG_BYTES = 4,
    MARKS_AT = 8
};

#define HEAD_WORD "elrelay ledger"

/* Records */

static void put_number(uint8_t *at, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get_number(const uint8_t *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return number;
}

static void record_check(const struct ledger *ledger, const uint8_t *bytes,
                         uint8_t check[CRYPTO_MAC_BYTES])
{
    crypto_mac_write(ledger->mac, 'R', (struct slice){(const char *)bytes, RECORD_CHECK_AT},
                     check);
}

static void record_add(const struct ledger *ledger, uint8_t bytes[RECORD_BYTES],
                       struct buf *out)
{
    uint8_t check[CRYPTO_MAC_BYTES];
    record_check(ledger, bytes, check);
    memcpy(bytes + RECORD_CHECK_AT, check, RECORD_BYTES - RECORD_CHECK_AT);
    if (!buf_add(out, (struct slice){(const char *)bytes, RECORD_BYTES}))
        fault_bug("records of a ledger", "more than fit");
}

static bool record_checks(const struct ledger *ledger, const uint8_t *bytes)
{
    uint8_t check[CRYPTO_MAC_BYTES];
    record_check(ledger, bytes, check);
    return memcmp(bytes + RECORD_CHECK_AT, check, RECORD_BYTES - RECORD_CHECK_AT) == 0;
}

void file_add_head(const struct ledger *ledger, struct buf *out)
{
    uint8_t bytes[RECORD_BYTES] = {RECORD_HEAD, FILE_VERSION};
    memcpy(bytes + HEAD_WORD_AT, HEAD_WORD, sizeof(HEAD_WORD));
    record_add(ledger, bytes, out);
}

void file_add_record(const struct ledger *ledger, const struct record *record, struct buf *out)
{
    uint8_t bytes[RECORD_BYTES] = {RECORD_BATCH, (uint8_t)record->state};
    put_number(bytes + RECORD_ATTEMPT_AT, record->attempt, 4);
    memcpy(bytes + RECORD_ID_AT, record->id, BATCH_ID_BYTES);
    put_number(bytes + RECORD_TIME_AT, record->unix_ms, 8);
    put_number(bytes + RECORD_COUNT_AT, record->count, 4);
    put_number(bytes + RECORD_ROUTE_AT, record->route, 4);
    memcpy(bytes + RECORD_BODY_AT, record->body, BODY_BYTES);
    put_number(bytes + RECORD_ENDPOINT_AT, record->endpoint, 8);
    record_add(ledger, bytes, out);
}

static void record_read(const uint8_t *bytes, struct record *record)
{
    *record = (struct record){
        .state = (enum recall_state)bytes[RECORD_STATE_AT],
        .attempt = (uint32_t)get_number(bytes + RECORD_ATTEMPT_AT, 4),
        .unix_ms = get_number(bytes + RECORD_TIME_AT, 8),
        .count = (uint32_t)get_number(bytes + RECORD_COUNT_AT, 4),
        .route = (uint32_t)get_number(bytes + RECORD_ROUTE_AT, 4),
        .endpoint = get_number(bytes + RECORD_ENDPOINT_AT, 8),
    };
    memcpy(record->id, bytes + RECORD_ID_AT, BATCH_ID_BYTES);
    memcpy(record->body, bytes + RECORD_BODY_AT, BODY_BYTES);
}

static const uint8_t *marks_tag(const uint8_t id[BATCH_ID_BYTES])
{
    return &id[BATCH_ID_BYTES - MARKS_TAG_BYTES];
}

void file_add_marks(const struct ledger *ledger, const uint8_t id[BATCH_ID_BYTES],
                    const struct mark *marks, size_t count, struct buf *out)
{
    for (size_t at = 0; at < count; at += MARKS_PER_RECORD) {
        size_t left = count - at;
        size_t part = left < MARKS_PER_RECORD ? left : MARKS_PER_RECORD;
        uint8_t bytes[RECORD_BYTES] = {RECORD_MARKS, (uint8_t)part};
        memcpy(bytes + MARKS_TAG_AT, marks_tag(id), MARKS_TAG_BYTES);
        memcpy(bytes + MARKS_AT, marks + at, part * MARK_BYTES);
        record_add(ledger, bytes, out);
    }
}

static size_t marks_count(const uint8_t *bytes, const uint8_t id[BATCH_ID_BYTES])
{
    bool belongs = bytes[0] == RECORD_MARKS && bytes[MARKS_COUNT_AT] <= MARKS_PER_RECORD &&
                   memcmp(bytes + MARKS_TAG_AT, marks_tag(id), MARKS_TAG_BYTES) == 0;
    return belongs ? bytes[MARKS_COUNT_AT] : 0;
}

/* Reading */

struct scan {
    struct ledger *ledger;
    uint64_t at;
    uint64_t bad; /* in a row, until here */
    bool other;   /* a later version's */
    bool has_batch;
    uint8_t batch[BATCH_ID_BYTES]; /* marks that follow are its */
    bool first_marks;              /* none has come since */
};

static void scan_take_marks(struct scan *scan, const uint8_t *bytes)
{
    struct known *known = scan->has_batch ? known_find(scan->ledger, scan->batch) : NULL;
    size_t count = known ? marks_count(bytes, scan->batch) : 0;
    if (count == 0)
        return;
    if (scan->first_marks) {
        known->marks_at = scan->at;
        known->marks = 0;
    }
    scan->first_marks = false;
    known->marks += (uint32_t)count;
}

static void scan_take(struct scan *scan, const uint8_t *bytes)
{
    struct record record;
    scan->ledger->damaged += scan->bad;
    scan->bad = 0;
    scan->ledger->end = scan->at + RECORD_BYTES;
    if (bytes[0] == RECORD_HEAD) {
        scan->other |= bytes[HEAD_VERSION_AT] != FILE_VERSION;
    } else if (bytes[0] == RECORD_MARKS) {
        scan_take_marks(scan, bytes);
    } else {
        record_read(bytes, &record);
        known_take(scan->ledger, &record);
        scan->has_batch = record.state == RECALL_SENDING;
        memcpy(scan->batch, record.id, BATCH_ID_BYTES);
        scan->first_marks = true;
    }
}

static void scan_end(struct scan *scan, uint64_t size)
{
    struct ledger *ledger = scan->ledger;
    ledger->foreign = (size > 0 && ledger->end == 0) || scan->other;
    if (ledger->foreign)
        log_write(LOG_ERROR, "ledger_foreign", log_word("file", ledger->path));
    else if (ledger->damaged)
        log_write(LOG_ERROR, "ledger_damaged", log_word("file", ledger->path),
                  log_number("records", ledger->damaged));
    if (!ledger->foreign && size > ledger->end)
        log_write(LOG_WARN, "ledger_torn", log_word("file", ledger->path),
                  log_number("bytes", size - ledger->end));
}

bool file_scan(struct ledger *ledger, struct fault *fault)
{
    struct scan scan = {.ledger = ledger};
    uint8_t *chunk = mem_zalloc(FILE_CHUNK);
    uint64_t size = 0;
    ssize_t got = 0;
    ledger->end = 0;
    ledger->damaged = 0;
    ledger->known_count = 0;
    while ((got = pread(ledger->fd, chunk, FILE_CHUNK, (off_t)scan.at)) > 0) {
        size = scan.at + (uint64_t)got;
        for (const uint8_t *at = chunk; at + RECORD_BYTES <= chunk + got; at += RECORD_BYTES) {
            if (record_checks(ledger, at))
                scan_take(&scan, at);
            else
                scan.bad++;
            scan.at += RECORD_BYTES;
        }
        if (got % RECORD_BYTES)
            break;
    }
    mem_free(chunk);
    if (got < 0)
        return fault_set(fault, FAULT_CONF, "ledger %s cannot be read: %s", ledger->path,
                         strerror(errno));
    scan_end(&scan, size);
    return true;
}

size_t file_read_marks(const struct ledger *ledger, const struct known *known,
                       struct mark *marks)
{
    size_t count = 0;
    size_t records = (known->last.count + MARKS_PER_RECORD - 1) / MARKS_PER_RECORD;
    size_t len = records * RECORD_BYTES;
    if (!known->marks_at || !records)
        return 0;
    uint8_t *bytes = mem_zalloc(len);
    ssize_t got = pread(ledger->fd, bytes, len, (off_t)known->marks_at);
    for (ssize_t at = 0; at + RECORD_BYTES <= got; at += RECORD_BYTES) {
        size_t part = record_checks(ledger, bytes + at)
                          ? marks_count(bytes + at, known->last.id)
                          : 0;
        for (size_t i = 0; i < part && count < known->last.count; i++)
            memcpy(&marks[count++], bytes + at + MARKS_AT + i * MARK_BYTES, MARK_BYTES);
    }
    mem_free(bytes);
    return count;
}

/* Writing */

static bool file_write_all(int fd, struct slice bytes, uint64_t at)
{
    while (bytes.len) {
        ssize_t done = pwrite(fd, bytes.ptr, bytes.len, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        if (done == 0) {
            errno = ENOSPC;
            return false;
        }
        at += (uint64_t)done;
        bytes = slice_part(bytes, (size_t)done, bytes.len);
    }
    return true;
}

/* After a failure what was added is taken off again; where even that fails, the next one writes
 * over it. */
bool file_append(struct ledger *ledger, struct slice bytes, bool lasting, struct fault *fault)
{
    if (file_write_all(ledger->fd, bytes, ledger->end) &&
        (!lasting || fdatasync(ledger->fd) == 0)) {
        ledger->end += bytes.len;
        return true;
    }
    fault_set(fault, FAULT_GENERAL, "ledger %s cannot be written: %s", ledger->path,
              strerror(errno));
    if (ftruncate(ledger->fd, (off_t)ledger->end) != 0)
        fault_add_context(fault, "not taken back");
    return false;
}

/* As it was when it was sent first, when it was sent last, and what became of it. */
static void file_add_known(const struct ledger *ledger, const struct known *known,
                           struct buf *out)
{
    struct mark *marks = mem_zalloc_array(known->last.count, sizeof(*marks));
    struct record record = known->last;
    record.state = RECALL_SENDING;
    record.unix_ms = known->first_unix_ms;
    file_add_record(ledger, &record, out);
    file_add_marks(ledger, record.id, marks, file_read_marks(ledger, known, marks), out);
    mem_free(marks);
    record.unix_ms = known->last_unix_ms;
    if (known->last_unix_ms != known->first_unix_ms)
        file_add_record(ledger, &record, out);
    record.unix_ms = known->touched_ms;
    record.state = known->last.state;
    if (record.state != RECALL_SENDING)
        file_add_record(ledger, &record, out);
}

static bool file_fill(const struct ledger *ledger, int fd)
{
    struct buf out;
    uint64_t at = 0;
    bool good = true;
    buf_init(&out, FILE_APPEND_MAX);
    file_add_head(ledger, &out);
    for (size_t i = 0; good && i <= ledger->known_count; i++) {
        if (out.len > FILE_CHUNK || i == ledger->known_count) {
            good = file_write_all(fd, buf_slice(&out), at);
            at += out.len;
            buf_clear(&out);
        }
        if (i < ledger->known_count)
            file_add_known(ledger, &ledger->known[i], &out);
    }
    buf_free(&out);
    return good && fsync(fd) == 0;
}

/* So that the new name is on the disk, too. */
static bool file_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 0;
    char *folder = len ? mem_copy_text(path, len) : mem_copy_text(".", 1);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mem_free(folder);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

/* Once the new file has the name it is the ledger, whatever else fails. */
bool file_rewrite(struct ledger *ledger, struct fault *fault)
{
    struct buf name;
    buf_init(&name, FILE_NAME_MAX);
    buf_add_format(&name, "%s.new", ledger->path);
    int fd = open(buf_text(&name), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                  FILE_MODE);
    bool named = fd >= 0 && fchmod(fd, FILE_MODE) == 0 && file_fill(ledger, fd) &&
                 rename(buf_text(&name), ledger->path) == 0;
    bool good = named && file_sync_folder(ledger->path);
    if (!good)
        fault_set(fault, FAULT_GENERAL, "ledger %s cannot be written: %s", ledger->path,
                  strerror(errno));
    if (!named && fd >= 0)
        unlink(buf_text(&name));
    buf_free(&name);
    int unused = named ? ledger->fd : fd;
    if (unused >= 0)
        close(unused);
    if (!named)
        return false;
    ledger->fd = fd;
    return file_scan(ledger, fault) && good;
}
