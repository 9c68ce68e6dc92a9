/*
 * support_relay.c - fake ports that note what is asked and answer what the script says.
 */

#include "unit/support_relay.h"

#include "unit/support_cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "elrelay/core/relay/relay.h"

enum { NOTES_MAX = 32, NOTE_LEN = 64 };

struct stage {
    const char *name;
    size_t line;
    struct route_conf conf;
    struct route_conf next_conf;
    struct relay *relay;
    struct batch *batch;
    struct manifest known; /* of the batch that was dealt with last */
    enum act act;
    char notes[NOTES_MAX][NOTE_LEN];
    size_t note_count;
    size_t note_at;
    uint64_t now_ms;
    uint64_t due_ms;
    uint64_t ids;
    uint64_t stream_ms;
};

static char list_url[] = "https://lab.example/list";

static void stage_note(struct stage *stage, const char *what, const char *word, uint64_t number)
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
    if (batch)
        stage->known = batch->manifest;
    stage_note(stage, "", act_word(act), UINT64_MAX);
}

static void fake_post(void *ctx, struct batch *batch, struct slice body)
{
    struct stage *stage = ctx;
    assert_true(body.len > 0);
    assert_int_equal(batch->manifest.state, FLOW_SENDING); /* I3 */
    stage_note(stage, "", "post", batch->manifest.count);
}

static void fake_get(void *ctx, struct batch *batch, const char *url)
{
    struct stage *stage = ctx;
    stage->batch = batch;
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
                 told->kind == TOLD_DONE || told->kind == TOLD_TICK_DONE;
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

static uint64_t word_number(const char *line, const char *word, uint64_t other)
{
    const char *at = strstr(line, word);
    return at ? strtoull(at + strlen(word), NULL, 10) : other;
}

static void stage_survey(struct stage *stage, const char *line)
{
    struct survey survey = {
        .paused = strstr(line, "paused") != NULL,
        .waiting = word_number(line, "survey ", 0),
        .inbox = word_number(line, "inbox ", 0),
        .doubts = word_number(line, "doubts ", 0),
        .limit_bytes = word_number(line, "limit ", 0),
        .now_unix_ms = 1000000000,
    };
    survey.oldest_unix_ms = survey.waiting ? survey.now_unix_ms - word_number(line, "age ", 0)
                                           : 0;
    relay_on_survey(stage->relay, PORT_DONE, &survey);
}

static bool token_has(const char *token, const char *flag)
{
    const char *at = strstr(token, flag);
    size_t len = strlen(flag);
    return at && at > token && at[-1] == ':' && (at[len] == ':' || at[len] == '\0');
}

/* STATE:ATTEMPTS[:FLAG]...: the batch that was dealt with last goes first, then strangers. */
static void stage_list_one(struct stage *stage, char *token, struct manifest *manifest,
                           size_t at)
{
    if (at == 0 && stage->known.id.text[0])
        *manifest = stage->known;
    else
        snprintf(manifest->id.text, sizeof(manifest->id.text), "ffffffff-0000-7000-8000-%012zu",
                 at);
    bool stranger = !stage->known.id.text[0] || at > 0;
    *manifest = stranger ? (struct manifest){.id = manifest->id} : *manifest;
    size_t word_len = strcspn(token, ":");
    manifest->state = flow_state_of_word((struct slice){token, word_len});
    manifest->attempts = (uint32_t)strtoul(token + word_len + 1, NULL, 10);
    manifest->owner_gone = token_has(token, "gone");
    manifest->owner_gone_in_ms = token_has(token, "missing") ? 30000 : 0;
    manifest->mine = !manifest->owner_gone && !manifest->owner_gone_in_ms &&
                     !token_has(token, "other");
    manifest->doubted |= token_has(token, "doubted");
    manifest->refused |= token_has(token, "refused");
    manifest->proved |= token_has(token, "proved");
    if (token_has(token, "settled"))
        manifest->sent_ago_ms = manifest->looked_ago_ms = 100000;
    manifest->elsewhere = token_has(token, "elsewhere");
    manifest->depth = token_has(token, "half") ? 1 : manifest->depth;
    if (stranger)
        manifest->count = token_has(token, "one") ? 1 : 3;
    if (stranger && manifest->attempts) /* as fake_sha256 says of so many good events */
        snprintf(manifest->sha256, sizeof(manifest->sha256), "%064d",
                 2 + (int)manifest->count * 2);
}

static void stage_list(struct stage *stage, const char *line)
{
    struct manifest list[8] = {{.ver = 0}};
    size_t count = 0;
    size_t place = 0;
    char text[256];
    char *rest = NULL;
    snprintf(text, sizeof(text), "%s", line + strlen("list"));
    for (char *token = strtok_r(text, " ", &rest); token; token = strtok_r(NULL, " ", &rest)) {
        stage_list_one(stage, token, &list[count], place++);
        count += list[count].state != FLOW_NONE;
    }
    if (count == 0)
        stage->known = (struct manifest){.ver = 0};
    relay_on_list(stage->relay, PORT_DONE, list, count);
}

static void stage_events(struct stage *stage, enum act act, const char *line)
{
    struct event events[700];
    size_t good = (size_t)word_number(line, act == ACT_PEEK ? "events " : "loaded ", 0);
    size_t bad = (size_t)word_number(line, "bad ", 0);
    size_t gone = (size_t)word_number(line, "gone ", 0);
    size_t count = 0;
    for (; count < good + bad + gone; count++) {
        bool is_good = count < good;
        events[count] = (struct event){
            .id = {++stage->stream_ms, 0},
            .bytes = is_good ? SLICE("{\"k\":1}") : SLICE("{\"k\":01}"),
            .has_bytes = count < good + bad,
            .gone = count >= good + bad,
        };
    }
    relay_on_events(stage->relay, act, stage->batch, events, count);
}

/* items WHAT@ROW ...: the endpoint names rows, refused (d) or there already (s). */
static void stage_write_items(char *text, size_t text_len, const char *line)
{
    size_t len = (size_t)snprintf(text, text_len, "{\"id\":null,\"errorCount\":1,\"errors\":[");
    for (const char *at = strchr(line, '@'); at; at = strchr(at + 1, '@'))
        len += (size_t)snprintf(
            text + len, text_len - len,
            "%s{\"scope\":\"item\",\"indices\":[%lu],\"trackingIds\":[null],\"message\":\"%s\"}",
            text[len - 1] == '[' ? "" : ",", strtoul(at + 1, NULL, 10),
            at[-1] == 's' ? "Item is a duplicate." : "Invalid");
    snprintf(text + len, text_len - len, "]}");
}

static void stage_answer_post(struct stage *stage, const char *line)
{
    char text[1024] = "";
    struct answer answer = {
        .status = (unsigned)word_number(line, "answer ", 0),
        .has_retry_after = strstr(line, "retry ") != NULL,
        .retry_after_ms = word_number(line, "retry ", 0),
        .all_sent = true,
    };
    if (strstr(line, "items"))
        stage_write_items(text, sizeof(text), line);
    if (strstr(line, "all there"))
        snprintf(text, sizeof(text),
                 "{\"id\":null,\"errorCount\":1,\"errors\":[{\"scope\":\"report\",\"message\":"
                 "\"All items in this submission are duplicates.\"}]}");
    if (strstr(line, "receipt"))
        snprintf(text, sizeof(text),
                 "{\"id\":\"11111111-2222-3333-4444-555555555555\",\"errorCount\":0,"
                 "\"reportItemCount\":%llu}",
                 (unsigned long long)word_number(line, "receipt ", 0));
    answer.body = slice_of(text);
    if (strncmp(line, "broken ", 7) == 0)
        for (int end = 0; end < TRANSPORT_END_COUNT; end++)
            if (strcmp(line + 7, transport_end_word((enum transport_end)end)) == 0)
                answer.end = (enum transport_end)end;
    relay_on_answer(stage->relay, stage->batch, &answer);
}

/* page STATUS / page absent / page found N: what the endpoint's list says, N events of it. */
static void stage_page(struct stage *stage, const char *line)
{
    char text[256] = "[]";
    struct answer answer = {
        .status = (unsigned)word_number(line, "page ", 0),
        .date_unix_ms = 2000000000000,
        .all_sent = true,
    };
    if (strstr(line, "found"))
        snprintf(
            text, sizeof(text),
            "[{\"timestamp\":\"2024-04-11T20:43:02.424Z\",\"externalName\":\"%s\",\"reportItemCount\":%llu,\"httpStatus\":201,"
            "\"submissionId\":7,\"id\":\"11111111-2222-3333-4444-555555555555\"}]",
            stage->batch->manifest.id.text, (unsigned long long)word_number(line, "found ", 0));
    answer.status = answer.status ? answer.status : 200;
    answer.body = slice_of(text);
    relay_on_page(stage->relay, stage->batch, &answer);
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

static void verb_stop(struct stage *stage, const char *line)
{
    relay_stop(stage->relay, line[0] == 'd');
}

static void verb_reload(struct stage *stage, const char *line)
{
    stage->next_conf = stage->conf;
    stage->next_conf.batch.max_events = (size_t)word_number(line, "max_events ", 500);
    relay_reload(stage->relay, &stage->next_conf);
}

static void verb_policy(struct stage *stage, const char *line)
{
    struct endpoint_conf *endpoint = &stage->conf.endpoint;
    endpoint->on_unknown = strstr(line, "lookup") ? UNKNOWN_LOOKUP : UNKNOWN_HOLD;
    endpoint->profile = profile_by_name(SLICE("reportstream"));
    endpoint->lookup.fallback_resends = strstr(line, "or resend") != NULL;
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
};

static void stage_happen(struct stage *stage, const char *line)
{
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
                     .max_unknown = 3,
                     .max_halves = 4},
    };
    struct relay_ports ports = {&stage,       fake_ask,    fake_post,   fake_get,
                                fake_make_id, fake_sha256, fake_random, fake_steady_ms,
                                fake_arm,     fake_tell};
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
