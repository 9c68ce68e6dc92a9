/*
 * ledger_index.c - events of some batches, sorted by their marks.
 *
 * Of an event that was sent under several of them the batch sent last counts. What is known of
 * a batch is looked up at each question: it may have been accepted since.
 */

#include "ledger_parts.h"

#include <stdlib.h>
#include <string.h>

#include "elrelay/ground/log.h"
#include "elrelay/ground/mem.h"

enum { INDEX_MAX = 4 * 1000 * 1000 }; /* marks: 150 MB */

struct index_row {
    struct mark mark;
    uint64_t sent_unix_ms;
    uint32_t batch;
};

struct ledger_index {
    const struct ledger *ledger;
    struct uuid *ids;
    struct index_row *rows;
    size_t count;
};

/* Of the same mark the one sent last comes first. */
static int index_compare(const void *a, const void *b)
{
    const struct index_row *one = a;
    const struct index_row *other = b;
    int order = memcmp(one->mark.bytes, other->mark.bytes, MARK_BYTES);
    if (order)
        return order;
    if (one->sent_unix_ms != other->sent_unix_ms)
        return one->sent_unix_ms > other->sent_unix_ms ? -1 : 1;
    return one->batch > other->batch ? -1 : one->batch < other->batch;
}

static void index_add(struct ledger_index *index, const struct known *known, uint32_t batch)
{
    struct mark *marks = mem_zalloc_array(known->last.count, sizeof(*marks));
    size_t count = file_read_marks(index->ledger, known, marks);
    if (count > INDEX_MAX - index->count)
        count = 0;
    if (count)
        index->rows = mem_resize(index->rows, index->count + count, sizeof(*index->rows));
    for (size_t i = 0; i < count; i++)
        index->rows[index->count++] = (struct index_row){
            .mark = marks[i], .sent_unix_ms = known->last_unix_ms, .batch = batch};
    mem_free(marks);
    if (count < known->last.count)
        log_write(LOG_ERROR, "ledger_lacks_events", log_id("batch", &index->ids[batch]),
                  log_number("events", known->last.count), log_number("known", count));
}

struct ledger_index *ledger_index_new(const struct ledger *ledger, const struct uuid *ids,
                                      size_t count)
{
    struct ledger_index *index = mem_zalloc(sizeof(*index));
    index->ledger = ledger;
    index->ids = mem_zalloc_array(count, sizeof(*ids));
    for (size_t i = 0; i < count; i++) {
        uint8_t id[BATCH_ID_BYTES];
        const struct known *known = known_id(&ids[i], id) ? known_find(ledger, id) : NULL;
        index->ids[i] = ids[i];
        if (known)
            index_add(index, known, (uint32_t)i);
    }
    if (index->count)
        qsort(index->rows, index->count, sizeof(*index->rows), index_compare);
    return index;
}

void ledger_index_free(struct ledger_index *index)
{
    if (!index)
        return;
    mem_free(index->ids);
    mem_free(index->rows);
    mem_free(index);
}

size_t ledger_index_count(const struct ledger_index *index)
{
    return index ? index->count : 0;
}

static size_t index_place(const struct ledger_index *index, const struct mark *mark)
{
    size_t low = 0;
    size_t high = ledger_index_count(index);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(index->rows[middle].mark.bytes, mark->bytes, MARK_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool ledger_index_find(const struct ledger_index *index, const struct mark *mark,
                       struct uuid *id)
{
    uint8_t bytes[BATCH_ID_BYTES];
    size_t at = index_place(index, mark);
    if (at == ledger_index_count(index) ||
        memcmp(index->rows[at].mark.bytes, mark->bytes, MARK_BYTES) != 0)
        return false;
    *id = index->ids[index->rows[at].batch];
    const struct known *known = known_id(id, bytes) ? known_find(index->ledger, bytes) : NULL;
    return known && known_may_be_taken(known);
}
