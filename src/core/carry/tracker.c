/*
 * tracker.c - one cell of an event, found as the encoder finds it.
 */

#include "elrelay/core/carry/tracker.h"

void tracker_init(struct tracker *tracker, const struct format_conf *conf)
{
    *tracker = (struct tracker){.conf = conf};
    columns_init(&tracker->keys, CELL_TEXT_MAX);
    buf_init(&tracker->text, CELL_TEXT_MAX);
}

void tracker_free(struct tracker *tracker)
{
    rules_free(tracker->rule, tracker->rule ? 1 : 0);
    columns_free(&tracker->keys);
    scan_free(&tracker->scan);
    buf_free(&tracker->text);
    *tracker = (struct tracker){0};
}

/* Of a repeated key the last; NULL where there is none. */
static const struct scan_member *tracker_member(struct tracker *tracker, struct slice key)
{
    for (size_t i = tracker->scan.count; i-- > 0;)
        if (slice_is(cell_key(&tracker->scan.members[i], &tracker->text), key))
            return &tracker->scan.members[i];
    return NULL;
}

static const struct rule *tracker_rule(struct tracker *tracker)
{
    struct format_conf one = *tracker->conf;
    if (tracker->rule)
        return tracker->rule;
    while (!slice_is_text(slice_of(one.tracking_id), one.columns->name))
        one.columns++; /* format_check lets no other name pass */
    one.column_count = 1;
    tracker->rule = rules_new(&one, &tracker->keys);
    return tracker->rule;
}

static struct slice tracker_fixed(struct tracker *tracker)
{
    struct slice text;
    const struct rule *rule = tracker_rule(tracker);
    const struct scan_member *top = tracker_member(tracker,
                                                   columns_name(&tracker->keys, rule->key));
    rule_text(rule, top, &tracker->text, &text);
    return text;
}

static struct slice tracker_of_key(struct tracker *tracker)
{
    const struct scan_member *member = tracker_member(tracker,
                                                      slice_of(tracker->conf->tracking_id));
    struct slice text = cell_text(member, &tracker->text);
    if (tracker->conf->line_separators_to_space)
        text = cell_space_separators(text, &tracker->text);
    return text;
}

bool tracker_find(struct tracker *tracker, struct slice event, struct slice *id)
{
    *id = SLICE("");
    if (scan_event(&tracker->scan, event) != SCAN_OK)
        return false;
    if (!tracker->conf->tracking_id)
        return true;
    buf_clear(&tracker->text);
    *id = tracker->conf->header == HEADER_FIXED ? tracker_fixed(tracker)
                                                : tracker_of_key(tracker);
    return true;
}
