/*
 * ledger.c - the life of a ledger, and what is asked of it.
 *
 * The lock is on the key, which stays the same file while the ledger is written anew.
 */

#include "ledger_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elrelay/ground/log.h"
#include "elrelay/ground/mem.h"

enum { LEDGER_NAME_MAX = 8192, LEDGER_SWEEP_MS = 3600 * 1000 };

/* Each of the two files is ours alone: not read, and still less written, by others. */
static bool ledger_check_file(int fd, const char *name, struct fault *fault)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return fault_set(fault, FAULT_CONF, "%s is no file", name);
    if (facts.st_mode & (S_IRWXG | S_IRWXO))
        return fault_set(fault, FAULT_CONF, "%s may be read or written by others; chmod 600 it",
                         name);
    return true;
}

/* The key */

/* Made whole under another name first, so that a key that is there is one. */
static bool key_make(const char *name, struct fault *fault)
{
    uint8_t key[LEDGER_KEY_BYTES];
    struct buf other;
    buf_init(&other, LEDGER_NAME_MAX);
    buf_add_format(&other, "%s.XXXXXX", name);
    crypto_random(key, sizeof(key));
    char *path = mem_copy_text(other.ptr, other.len);
    int fd = mkstemp(path);
    bool good = fd >= 0 && write(fd, key, sizeof(key)) == (ssize_t)sizeof(key) &&
                fsync(fd) == 0 && (link(path, name) == 0 || errno == EEXIST);
    if (!good)
        fault_set(fault, FAULT_CONF, "the ledger's key %s cannot be made: %s", name,
                  strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    mem_wipe(key, sizeof(key));
    mem_free(path);
    buf_free(&other);
    return good;
}

static bool key_read(struct ledger *ledger, const char *name, struct fault *fault)
{
    uint8_t key[LEDGER_KEY_BYTES + 1];
    if (!ledger_check_file(ledger->key_fd, name, fault))
        return false;
    bool good = pread(ledger->key_fd, key, sizeof(key), 0) == LEDGER_KEY_BYTES;
    if (good)
        ledger->mac = crypto_mac_new(key, LEDGER_KEY_BYTES);
    else
        fault_set(fault, FAULT_CONF, "%s is no key: it has not %d bytes", name,
                  LEDGER_KEY_BYTES);
    mem_wipe(key, sizeof(key));
    return good;
}

/* Without a key, a ledger that is there can only be somebody else's: then none is made. */
static bool ledger_open_key(struct ledger *ledger, bool make, struct fault *fault)
{
    struct buf name;
    buf_init(&name, LEDGER_NAME_MAX);
    buf_add_format(&name, "%s.key", ledger->path);
    const char *path = buf_text(&name);
    bool good = true;
    ledger->key_fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (ledger->key_fd < 0 && errno == ENOENT && make && ledger->fd < 0) {
        good = key_make(path, fault);
        ledger->key_fd = good ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    }
    if (good && ledger->key_fd >= 0)
        good = key_read(ledger, path, fault);
    else if (good && errno != ENOENT)
        good = fault_set(fault, FAULT_CONF, "the ledger's key %s cannot be read: %s", path,
                         strerror(errno));
    if (good && make && ledger->key_fd >= 0 && flock(ledger->key_fd, LOCK_EX | LOCK_NB) != 0)
        good = fault_set(fault, FAULT_GENERAL,
                         "ledger %s is in use by another process; each needs its own",
                         ledger->path);
    buf_free(&name);
    return good;
}

/* Life */

static bool ledger_open_file(struct ledger *ledger, int flags, struct fault *fault)
{
    ledger->fd = open(ledger->path, flags | O_NOFOLLOW | O_CLOEXEC);
    if (ledger->fd < 0 && errno != ENOENT)
        return fault_set(fault, FAULT_CONF, "ledger %s cannot be opened: %s", ledger->path,
                         strerror(errno));
    return ledger->fd < 0 || ledger_check_file(ledger->fd, ledger->path, fault);
}

static struct ledger *ledger_new(const char *path)
{
    struct ledger *ledger = mem_zalloc(sizeof(*ledger));
    *ledger = (struct ledger){
        .path = mem_copy_text(path, strlen(path)), .fd = -1, .key_fd = -1};
    return ledger;
}

static void ledger_set_full(struct ledger *ledger, bool full, const struct fault *fault)
{
    if (full)
        log_write(ledger->full ? LOG_DEBUG : LOG_ERROR, "ledger_full",
                  log_word("file", ledger->path), log_word("why", fault->text));
    else if (ledger->full)
        log_write(LOG_INFO, "ledger_writable", log_word("file", ledger->path));
    ledger->full = full;
}

static void ledger_rewrite(struct ledger *ledger)
{
    struct fault fault = {0};
    uint64_t damaged = ledger->damaged;
    if (!file_rewrite(ledger, &fault))
        ledger_set_full(ledger, true, &fault);
    ledger->damaged = damaged;
}

/* What was read becomes what can be written: a torn tail and old records go. */
static bool ledger_make_ready(struct ledger *ledger, uint64_t now_unix_ms, struct fault *fault)
{
    ledger->swept_ms = now_unix_ms;
    if (ledger->foreign)
        return true;
    size_t dropped = known_drop_old(ledger, now_unix_ms);
    bool good = true;
    if (ledger->end == 0)
        good = file_rewrite(ledger, fault);
    else if (dropped)
        ledger_rewrite(ledger); /* a full disk is no reason not to start */
    if (good && ftruncate(ledger->fd, (off_t)ledger->end) != 0)
        good = fault_set(fault, FAULT_CONF, "ledger %s cannot be cut: %s", ledger->path,
                         strerror(errno));
    if (dropped)
        log_write(LOG_INFO, "ledger_dropped", log_word("file", ledger->path),
                  log_number("batches", dropped));
    return good;
}

static bool ledger_read(struct ledger *ledger, struct fault *fault)
{
    if (ledger->fd >= 0 && ledger->mac)
        return file_scan(ledger, fault);
    ledger->foreign = ledger->fd >= 0;
    if (ledger->foreign)
        log_write(LOG_ERROR, "ledger_foreign", log_word("file", ledger->path),
                  log_word("why", "its key is gone"));
    return true;
}

/* The file is opened once more under the lock: another process may just have put a new one in
 * its place. */
struct ledger *ledger_open(const char *path, uint64_t now_unix_ms, struct fault *fault)
{
    struct ledger *ledger = ledger_new(path);
    bool good = ledger_open_file(ledger, O_RDWR, fault) && ledger_open_key(ledger, true, fault);
    if (good && ledger->fd >= 0)
        close(ledger->fd);
    good = good && ledger_open_file(ledger, O_RDWR, fault) && ledger_read(ledger, fault) &&
           ledger_make_ready(ledger, now_unix_ms, fault);
    if (!good) {
        ledger_close(ledger);
        return NULL;
    }
    log_write(LOG_INFO, "ledger_open", log_word("file", path),
              log_word("state", ledger_word(ledger_state(ledger))),
              log_number("batches", ledger->known_count));
    return ledger;
}

bool ledger_look(const char *path, enum ledger_state *state, size_t *batches,
                 struct fault *fault)
{
    struct ledger *ledger = ledger_new(path);
    bool good = ledger_open_file(ledger, O_RDONLY, fault) &&
                ledger_open_key(ledger, false, fault) && ledger_read(ledger, fault);
    *batches = ledger->known_count;
    *state = ledger->fd < 0 ? LEDGER_NEW : ledger_state(ledger);
    ledger_close(ledger);
    return good;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    if (ledger->fd >= 0)
        close(ledger->fd);
    if (ledger->key_fd >= 0)
        close(ledger->key_fd);
    crypto_mac_free(ledger->mac);
    mem_free(ledger->known);
    mem_free(ledger->path);
    mem_free(ledger);
}

#define LEDGER_WORD(name, word, sentence)     [LEDGER_##name] = (word),
#define LEDGER_SENTENCE(name, word, sentence) [LEDGER_##name] = (sentence),

static const char *const ledger_words[] = {LEDGER_LIST(LEDGER_WORD)};
static const char *const ledger_sentences[] = {LEDGER_LIST(LEDGER_SENTENCE)};

enum ledger_state ledger_state(const struct ledger *ledger)
{
    if (!ledger)
        return LEDGER_NONE;
    if (ledger->foreign)
        return LEDGER_FOREIGN;
    if (ledger->full)
        return LEDGER_FULL;
    return ledger->damaged ? LEDGER_DAMAGED : LEDGER_GOOD;
}

const char *ledger_word(enum ledger_state state)
{
    return ledger_words[state];
}

const char *ledger_sentence(struct slice word)
{
    for (size_t i = 0; i < LEDGER_STATE_COUNT; i++)
        if (slice_is_text(word, ledger_words[i]))
            return ledger_sentences[i];
    return "";
}

static bool ledger_is_used(const struct ledger *ledger)
{
    return ledger && !ledger->foreign;
}

/* Questions */

uint64_t ledger_tag(const struct ledger *ledger, const char *text)
{
    uint8_t digest[CRYPTO_MAC_BYTES];
    uint64_t tag = 0;
    if (!ledger_is_used(ledger))
        return 0;
    crypto_mac_write(ledger->mac, 'T', slice_of(text), digest);
    memcpy(&tag, digest, sizeof(tag));
    return tag;
}

void ledger_mark(const struct ledger *ledger, struct slice bytes, struct mark *mark)
{
    uint8_t digest[CRYPTO_MAC_BYTES] = {0};
    if (ledger_is_used(ledger))
        crypto_mac_write(ledger->mac, 'E', bytes, digest);
    memcpy(mark->bytes, digest, MARK_BYTES);
}

static void ledger_describe(const struct known *known, struct recall *recall)
{
    static const char digits[] = "0123456789abcdef";
    *recall = (struct recall){
        .state = known->last.state,
        .attempt = known->last.attempt,
        .count = known->last.count,
        .first_unix_ms = known->first_unix_ms,
        .last_unix_ms = known->last_unix_ms,
    };
    known_uuid(known->last.id, &recall->id);
    for (size_t i = 0; i < BODY_BYTES; i++) {
        recall->body[2 * i] = digits[known->last.body[i] >> 4];
        recall->body[2 * i + 1] = digits[known->last.body[i] & 0x0f];
    }
}

bool ledger_recall(const struct ledger *ledger, const struct uuid *id, uint64_t endpoint,
                   struct recall *recall)
{
    uint8_t bytes[BATCH_ID_BYTES];
    if (!ledger_is_used(ledger) || !known_id(id, bytes))
        return false;
    const struct known *known = known_find(ledger, bytes);
    if (!known)
        return false;
    ledger_describe(known, recall);
    recall->elsewhere = known->last.endpoint != endpoint;
    return true;
}

struct recall *ledger_list(const struct ledger *ledger, uint64_t route, uint64_t now_unix_ms,
                           size_t *count)
{
    struct recall *list = NULL;
    *count = 0;
    for (size_t i = 0; ledger_is_used(ledger) && i < ledger->known_count; i++) {
        const struct known *known = &ledger->known[i];
        if (known->last.route != (uint32_t)route || !known_may_be_taken(known) ||
            known->touched_ms + LEDGER_COMPARE_MS < now_unix_ms)
            continue;
        if (!list)
            list = mem_zalloc_array(ledger->known_count, sizeof(*list));
        ledger_describe(known, &list[(*count)++]);
    }
    return list;
}

/* Records */

/* Once an hour, where more than half of it is old. */
static void ledger_sweep(struct ledger *ledger, uint64_t now_unix_ms)
{
    if (now_unix_ms < ledger->swept_ms + LEDGER_SWEEP_MS)
        return;
    ledger->swept_ms = now_unix_ms;
    if (2 * known_bytes(ledger, now_unix_ms) >= ledger->end)
        return;
    known_drop_old(ledger, now_unix_ms);
    ledger_rewrite(ledger);
}

bool ledger_sending(struct ledger *ledger, const struct ledger_send *send)
{
    struct fault fault = {0};
    struct record record = {
        .state = RECALL_SENDING,
        .attempt = send->attempt,
        .count = (uint32_t)send->count,
        .route = (uint32_t)send->route,
        .unix_ms = send->now_unix_ms,
        .endpoint = send->endpoint,
    };
    if (!ledger_is_used(ledger))
        return true;
    ledger_sweep(ledger, send->now_unix_ms);
    known_id(send->id, record.id);
    for (size_t i = 0; i < BODY_BYTES; i++) {
        char hex[3] = {send->sha256[2 * i], send->sha256[2 * i + 1], '\0'};
        record.body[i] = (uint8_t)strtoul(hex, NULL, 16);
    }
    const struct known *known = known_find(ledger, record.id);
    bool has_marks = known && known->marks == record.count;
    uint64_t marks_at = ledger->end + RECORD_BYTES;
    struct buf out;
    buf_init(&out, (send->count + 2) * RECORD_BYTES);
    file_add_record(ledger, &record, &out);
    if (!has_marks)
        file_add_marks(ledger, record.id, send->marks, send->count, &out);
    bool good = file_append(ledger, buf_slice(&out), true, &fault);
    buf_free(&out);
    ledger_set_full(ledger, !good, &fault);
    if (!good)
        return false;
    struct known *now_known = known_take(ledger, &record);
    if (!has_marks) {
        now_known->marks_at = marks_at;
        now_known->marks = record.count;
    }
    return true;
}

void ledger_note(struct ledger *ledger, const struct uuid *id, enum recall_state state,
                 uint64_t now_unix_ms)
{
    uint8_t bytes[BATCH_ID_BYTES];
    struct fault fault = {0};
    if (!ledger_is_used(ledger) || !known_id(id, bytes))
        return;
    const struct known *known = known_find(ledger, bytes);
    if (!known || known->last.state == state || known->last.state == RECALL_ACCEPTED)
        return;
    struct record record = known->last;
    record.state = state;
    record.unix_ms = now_unix_ms;
    struct buf out;
    buf_init(&out, RECORD_BYTES);
    file_add_record(ledger, &record, &out);
    bool good = file_append(ledger, buf_slice(&out), state == RECALL_ACCEPTED, &fault);
    buf_free(&out);
    known_take(ledger, &record);
    ledger_set_full(ledger, !good, &fault);
}
