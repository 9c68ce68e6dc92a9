/*
 * support_relay.c - fake ports that note what is asked and answer what the script says.
 */

#include "unit/support_relay.h"

#include "unit/support_cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/support_ledger.h"

static char list_url[] = "https://lab.example/list";

void stage_note(struct stage *stage, const char *what, const char *word, uint64_t number)
{
    if (stage->note_count == NOTES_MAX)
        fail_msg("%s: too much is asked at once", stage->name);
    char *note = stage->notes[stage->note_count++];
    if (number == UINT64_MAX)
        snprintf(note, NOTE_LEN, "%s%s", what, word);
    else
        snprintf(note, NOTE_LEN, "%s%s %llu", what, word, (unsigned long long)number);
}

static void fake_ask(void *ctx, enum act act, struct batch *batch)
{
    struct stage *stage = ctx;
    stage->act = act;
    stage->batch = batch ? batch : stage->batch;
    stage->asked[act] = batch;
    if (batch)
        stage->known = batch->manifest;
    stage_note(stage, "", act_word(act), UINT64_MAX);
}

static void fake_post(void *ctx, struct batch *batch, struct slice body)
{
    struct stage *stage = ctx;
    assert_true(body.len > 0);
    assert_int_equal(batch->manifest.state, FLOW_SENDING); /* I3 */
    assert_true(stage->post_count < POSTS_MAX);
    stage->posts[stage->post_count++] = batch;
    stage_note(stage, "", "post", batch->manifest.count);
}

static void fake_get(void *ctx, struct batch *batch, const char *url)
{
    struct stage *stage = ctx;
    stage->batch = batch;
    stage->looking = batch;
    assert_int_equal(batch->manifest.state, FLOW_UNKNOWN);
    assert_int_equal(strncmp(url, "https://lab.example/list?", 25), 0);
    stage_note(stage, "", "get", UINT64_MAX);
}

static void fake_make_id(void *ctx, struct uuid *id)
{
    struct stage *stage = ctx;
    snprintf(id->text, sizeof(id->text), "00000000-0000-7000-8000-%012llu",
             (unsigned long long)++stage->ids);
}

/* Not a hash, but it tells bodies of different length apart. */
static void fake_sha256(void *ctx, struct slice bytes, char hex[BATCH_SHA256_TEXT + 1])
{
    (void)ctx;
    snprintf(hex, BATCH_SHA256_TEXT + 1, "%064zu", bytes.len);
}

static uint32_t fake_random(void *ctx)
{
    (void)ctx;
    return UINT32_MAX;
}

static uint64_t fake_steady_ms(void *ctx)
{
    struct stage *stage = ctx;
    return stage->now_ms;
}

static void fake_arm(void *ctx, uint64_t delay_ms)
{
    struct stage *stage = ctx;
    stage->due_ms = delay_ms;
}

static void fake_tell(void *ctx, const struct told *told)
{
    struct stage *stage = ctx;
    bool quiet = told->kind == TOLD_SEALED || told->kind == TOLD_ANSWERED ||
                 told->kind == TOLD_DONE || told->kind == TOLD_TICK_DONE ||
                 told->kind == TOLD_ADOPTED;
    char news[NOTE_LEN];
    snprintf(news, sizeof(news), "%s%s%s%s%s", told_word(told->kind), told->word ? " " : "",
             told->word ? told->word : "", told->why ? " " : "", told->why ? told->why : "");
    bool counts = told->batch && !told->word && told->kind != TOLD_STUCK;
    if (!quiet)
        stage_note(stage, "tell ", news, counts ? told->count : UINT64_MAX);
}

/* What Redis would say after an act that was done. */
static void stage_move_manifest(struct stage *stage)
{
    struct manifest *manifest = &stage->batch->manifest;
    struct fault fault = {0};
    switch (stage->act) {
    case ACT_BEGIN:
    case ACT_SEAL:
    case ACT_SEND:
    case ACT_MOVE:
    case ACT_ACCEPT:
    case ACT_SPLIT:
        assert_true(flow_step(manifest->state, stage->batch->cause, &manifest->state, &fault));
        manifest->attempts += stage->act == ACT_SEND;
        manifest->mine = true;
        manifest->doubted |= manifest->state == FLOW_UNKNOWN;
        if (stage->act == ACT_MOVE && stage->batch->cause == FLOW_ON_RESEND)
            manifest->absent = stage->batch->move_absent;
        break;
    case ACT_ADOPT:
        manifest->mine = true;
        if (manifest->state == FLOW_SENDING)
            manifest->state = FLOW_UNKNOWN;
        break;
    case ACT_ABANDON:
        manifest->state = FLOW_TERMINATED;
        break;
    case ACT_DRAIN:
        manifest->drained += 500;
        break;
    case ACT_CARVE:
        manifest->carved += 500;
        break;
    case ACT_LOOKED:
        manifest->looks++;
        manifest->looked_ago_ms = 0;
        break;
    case ACT_SURVEY:
    case ACT_LIST:
    case ACT_INTAKE:
    case ACT_PEEK:
    case ACT_BURY:
    case ACT_LOAD:
    case ACT_COUNT:
        break;
    }
    manifest->ver++;
    stage->known = *manifest;
    if (stage->act == ACT_MOVE)
        stage_keep_old(stage);
    if (stage->act == ACT_CARVE)
        stage->known = (struct manifest){.ver = 0};
}

static void stage_answer_act(struct stage *stage, enum port_result result)
{
    bool route = stage->act == ACT_INTAKE;
    if (stage->act == ACT_SURVEY)
        relay_on_survey(stage->relay, result, NULL);
    else if (stage->act == ACT_LIST)
        relay_on_list(stage->relay, result, NULL, 0);
    else {
        if (result == PORT_DONE && !route)
            stage_move_manifest(stage);
        relay_on_done(stage->relay, stage->act, route ? NULL : stage->batch, result);
    }
}

static void stage_expect(struct stage *stage, const char *want)
{
    const char *got = stage->note_at < stage->note_count ? stage->notes[stage->note_at++]
                                                         : "(nothing)";
    if (strcmp(got, want) != 0)
        fail_msg("%s, line %zu: wanted `%s`, got `%s`", stage->name, stage->line, want, got);
    if (stage->note_at == stage->note_count)
        stage->note_at = stage->note_count = 0;
}

static void stage_assert(struct stage *stage, const char *line)
{
    if (strcmp(line, "idle") == 0 || strcmp(line, "busy") == 0) {
        if (relay_is_idle(stage->relay) != (line[0] == 'i'))
            fail_msg("%s, line %zu: not %s", stage->name, stage->line, line);
    } else if (stage->due_ms != word_number(line, "due ", 0)) {
        fail_msg("%s, line %zu: wanted %s, got %llu", stage->name, stage->line, line,
                 (unsigned long long)stage->due_ms);
    }
}

static void verb_cycle(struct stage *stage, const char *line)
{
    const struct cycle *cycle = relay_last_cycle(stage->relay);
    if (cycle->number != word_number(line, "cycle ", 0) ||
        cycle->stuck != (strstr(line, "stuck") != NULL))
        fail_msg("%s, line %zu: wanted %s, got %llu", stage->name, stage->line, line,
                 (unsigned long long)cycle->number);
}

static void verb_uses(struct stage *stage, const char *line)
{
    bool uses = relay_uses(stage->relay, &stage->conf);
    if (uses != (strcmp(line, "uses first") == 0))
        fail_msg("%s, line %zu: not %s", stage->name, stage->line, line);
}

/* What happens at a word: run reads the whole line, poke is the conductor's own function. */
struct verb {
    const char *word;
    void (*run)(struct stage *stage, const char *line);
    void (*poke)(struct relay *relay);
};

static void verb_flush(struct stage *stage, const char *line)
{
    (void)line;
    relay_flush(stage->relay);
}

static void verb_missing(struct stage *stage, const char *line)
{
    relay_look_again(stage->relay, word_number(line, "missing ", 0));
}

static void verb_stop(struct stage *stage, const char *line)
{
    relay_stop(stage->relay, line[0] == 'd');
}

static void verb_reload(struct stage *stage, const char *line)
{
    stage->next_conf = stage->conf;
    stage->next_conf.batch.max_events = (size_t)word_number(line, "max_events ", 500);
    if (strstr(line, "none"))
        stage->next_conf.endpoint.profile = profile_by_name(SLICE("none"));
    relay_reload(stage->relay, &stage->next_conf);
}

static void verb_policy(struct stage *stage, const char *line)
{
    struct endpoint_conf *endpoint = &stage->conf.endpoint;
    endpoint->on_unknown = strstr(line, "lookup") ? UNKNOWN_LOOKUP : UNKNOWN_HOLD;
    endpoint->profile = profile_by_name(strstr(line, "none") ? SLICE("none")
                                                             : SLICE("reportstream"));
    endpoint->lookup.fallback_resends = strstr(line, "or resend") != NULL;
}

static void verb_many(struct stage *stage, const char *line)
{
    stage->conf.endpoint.max_in_flight = (uint32_t)word_number(line, "many ", 1);
}

static void verb_room(struct stage *stage, const char *line)
{
    stage->conf.batch.max_bytes = (size_t)word_number(line, "room ", 0);
}

static void verb_ledger(struct stage *stage, const char *line)
{
    stage->ledger_full = strstr(line, "full") != NULL;
}

static void verb_wait(struct stage *stage, const char *line)
{
    stage->now_ms += word_number(line, "wait ", 0);
    relay_on_timer(stage->relay);
}

static void verb_result(struct stage *stage, const char *line)
{
    stage_answer_act(stage, line[0] == 'd'   ? PORT_DONE
                            : line[0] == 'r' ? PORT_REFUSED
                                             : PORT_FAILED);
}

static void verb_peeked(struct stage *stage, const char *line)
{
    stage_events(stage, ACT_PEEK, line);
}

static void verb_loaded(struct stage *stage, const char *line)
{
    stage_events(stage, ACT_LOAD, line);
    stage_answer_act(stage, PORT_DONE);
}

/* "wants NOW NEXT": what the peek that was just asked for wants. */
static void verb_wants(struct stage *stage, const char *line)
{
    char got[64];
    snprintf(got, sizeof(got), "wants %zu %zu", stage->batch->want, stage->batch->want_next);
    if (strcmp(line, got) != 0)
        fail_msg("%s, line %zu: wanted `%s`, got `%s`", stage->name, stage->line, line, got);
}

static const struct verb verbs[] = {
    {"up", .poke = relay_on_up},          {"down", .poke = relay_on_down},
    {"timer", .poke = relay_on_timer},    {"flush", .run = verb_flush},
    {"stop", .run = verb_stop},           {"drain", .run = verb_stop},
    {"reload", .run = verb_reload},       {"wait", .run = verb_wait},
    {"list", .run = stage_list},          {"survey", .run = stage_survey},
    {"events", .run = verb_peeked},       {"loaded", .run = verb_loaded},
    {"done", .run = verb_result},         {"refused", .run = verb_result},
    {"failed", .run = verb_result},       {"answer", .run = stage_answer_post},
    {"broken", .run = stage_answer_post}, {"idle", .run = stage_assert},
    {"busy", .run = stage_assert},        {"due", .run = stage_assert},
    {"cycle", .run = verb_cycle},         {"uses", .run = verb_uses},
    {"page", .run = stage_page},          {"policy", .run = verb_policy},
    {"many", .run = verb_many},           {"missing", .run = verb_missing},
    {"sent", .run = stage_sent_before},   {"ledger", .run = verb_ledger},
    {"wants", .run = verb_wants},         {"room", .run = verb_room},
};

/* Several acts may be asked at once: this one is answered. */
static void stage_turn_to(struct stage *stage, const char *word)
{
    for (enum act act = 0; act < ACT_COUNT; act++) {
        size_t len = strlen(act_word(act));
        bool is_it = strncmp(act_word(act), word, len) == 0 && strchr(" ", word[len]);
        if (is_it && stage->asked[act]) {
            stage->act = act;
            stage->batch = stage_batch(stage, word, " of ", stage->asked[act]);
            return;
        }
    }
    fail_msg("%s, line %zu: `%s` was not asked", stage->name, stage->line, word);
}

static void stage_happen(struct stage *stage, const char *line)
{
    const char *wanted = strstr(line, " for ");
    if (wanted)
        stage_turn_to(stage, wanted + strlen(" for "));
    if (stage->note_at < stage->note_count)
        fail_msg("%s, line %zu: `%s` was not expected", stage->name, stage->line,
                 stage->notes[stage->note_at]);
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        size_t len = strlen(verbs[i].word);
        if (strncmp(line, verbs[i].word, len) == 0 && (line[len] == ' ' || line[len] == '\0')) {
            if (verbs[i].poke)
                verbs[i].poke(stage->relay);
            else
                verbs[i].run(stage, line);
            return;
        }
    }
    fail_msg("%s, line %zu: no such verb: %s", stage->name, stage->line, line);
}

void script_run(const char *name, const char *const *lines)
{
    struct stage stage = {.name = name, .now_ms = 5000};
    stage.conf = (struct route_conf){
        .name = (char *)(uintptr_t) "covid",
        .queue = {.peek_count = 250},
        .schedule = {.every_ms = 120000},
        .batch = {.min_events = 2,
                  .max_events = 500,
                  .max_bytes = 1000000,
                  .max_wait_ms = 600000},
        .format = {.format = format_by_name(SLICE("csv"))},
        .endpoint = {.profile = profile_by_name(SLICE("plain")),
                     .retry = {.first_ms = 2000, .cap_ms = 900000},
                     .on_unknown = UNKNOWN_RESEND,
                     .lookup = {.url = list_url, .settle_ms = 100000, .gap_ms = 50000},
                     .max_in_flight = 1,
                     .max_unknown = 3,
                     .max_halves = 4},
    };
    struct relay_ports ports = {&stage,       fake_ask,    fake_post,   fake_get,
                                fake_make_id, fake_sha256, fake_random, fake_steady_ms,
                                fake_arm,     fake_tell,   NULL};
    if (strcmp(lines[0], "ledger") == 0 || strcmp(lines[1], "ledger") == 0)
        ports.ledger = &fake_ledger;
    stage.relay = relay_new(&stage.conf, &ports);
    for (stage.line = 0; lines[stage.line]; stage.line++) {
        const char *line = lines[stage.line];
        if (line[0] == '>')
            stage_expect(&stage, line + 2);
        else
            stage_happen(&stage, line);
    }
    if (stage.note_at < stage.note_count)
        fail_msg("%s, at the end: `%s` was not expected", name, stage.notes[stage.note_at]);
    relay_free(stage.relay);
}
