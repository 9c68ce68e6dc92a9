/*
 * ledger_known.c - what the records say of each batch, one after the other.
 *
 * `accepted` is final. `not taken` is the end of a doubt only where nothing was sent since.
 */

#include "ledger_parts.h"

#include <string.h>

#include "elrelay/ground/mem.h"

enum { KNOWN_FIRST_CAP = 64 };

static bool known_nibble(char digit, uint8_t *nibble)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit ? strchr(digits, digit) : NULL;
    *nibble = (uint8_t)(at ? at - digits : 0);
    return at != NULL;
}

bool known_id(const struct uuid *id, uint8_t bytes[BATCH_ID_BYTES])
{
    size_t half = 0;
    for (size_t at = 0; id->text[at] && half < 2 * (size_t)BATCH_ID_BYTES; at++) {
        uint8_t nibble = 0;
        if (id->text[at] == '-')
            continue;
        if (!known_nibble(id->text[at], &nibble))
            return false;
        bytes[half / 2] = (uint8_t)(half % 2 ? bytes[half / 2] | nibble : nibble << 4);
        half++;
    }
    return half == 2 * (size_t)BATCH_ID_BYTES;
}

void known_uuid(const uint8_t bytes[BATCH_ID_BYTES], struct uuid *id)
{
    static const char digits[] = "0123456789abcdef";
    char *to = id->text;
    for (size_t i = 0; i < BATCH_ID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 0x0f];
    }
    *to = '\0';
}

/* Where it stands, or should. */
static size_t known_place(const struct ledger *ledger, const uint8_t id[BATCH_ID_BYTES])
{
    size_t low = 0;
    size_t high = ledger->known_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(ledger->known[middle].last.id, id, BATCH_ID_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct known *known_find(const struct ledger *ledger, const uint8_t id[BATCH_ID_BYTES])
{
    size_t at = known_place(ledger, id);
    bool there = at < ledger->known_count &&
                 memcmp(ledger->known[at].last.id, id, BATCH_ID_BYTES) == 0;
    return there ? &ledger->known[at] : NULL;
}

static struct known *known_add(struct ledger *ledger, const struct record *record)
{
    size_t at = known_place(ledger, record->id);
    if (ledger->known_count == ledger->known_cap) {
        ledger->known_cap = ledger->known_cap ? 2 * ledger->known_cap : KNOWN_FIRST_CAP;
        ledger->known = mem_resize(ledger->known, ledger->known_cap, sizeof(*ledger->known));
    }
    memmove(&ledger->known[at + 1], &ledger->known[at],
            (ledger->known_count - at) * sizeof(*ledger->known));
    ledger->known_count++;
    ledger->known[at] = (struct known){.last = *record, .first_unix_ms = record->unix_ms};
    ledger->known[at].last_unix_ms = record->unix_ms;
    return &ledger->known[at];
}

static void known_send(struct known *known, const struct record *record)
{
    bool accepted = known->last.state == RECALL_ACCEPTED;
    known->last = *record;
    known->last_unix_ms = record->unix_ms;
    if (accepted)
        known->last.state = RECALL_ACCEPTED;
}

/* A word about a batch whose own record is lost is all that is known of it. */
struct known *known_take(struct ledger *ledger, const struct record *record)
{
    struct known *known = known_find(ledger, record->id);
    if (!known)
        known = known_add(ledger, record);
    known->touched_ms = record->unix_ms;
    if (record->state == RECALL_SENDING)
        known_send(known, record);
    else if (record->state == RECALL_ACCEPTED)
        known->last.state = RECALL_ACCEPTED;
    else if (known->last.state != RECALL_ACCEPTED && record->attempt >= known->last.attempt)
        known->last.state = record->state;
    return known;
}

bool known_may_be_taken(const struct known *known)
{
    return known->last.state == RECALL_SENDING || known->last.state == RECALL_ACCEPTED;
}

static bool known_is_old(const struct known *known, uint64_t now_unix_ms)
{
    return known->touched_ms + LEDGER_KEEP_MS < now_unix_ms;
}

size_t known_drop_old(struct ledger *ledger, uint64_t now_unix_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < ledger->known_count; i++)
        if (!known_is_old(&ledger->known[i], now_unix_ms))
            ledger->known[kept++] = ledger->known[i];
    size_t dropped = ledger->known_count - kept;
    ledger->known_count = kept;
    return dropped;
}

/* Of a file without what is old, about. */
uint64_t known_bytes(const struct ledger *ledger, uint64_t now_unix_ms)
{
    uint64_t records = 1;
    for (size_t i = 0; i < ledger->known_count; i++)
        if (!known_is_old(&ledger->known[i], now_unix_ms))
            records += 3 + ledger->known[i].marks / MARKS_PER_RECORD;
    return records * RECORD_BYTES;
}
