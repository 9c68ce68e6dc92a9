/*
 * check.c - `elrelay check`: the configuration in effect, and whether it works.
 */

#include "cli/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/say.h"
#include "elrelay/edge/host/ledger.h"
#include "elrelay/edge/http/uplink.h"

enum { CHECK_TEXT_MAX = 1024, CHECK_NAME_MAX = 128 };

void check_say(struct check *check, enum fault_code code, const char *what, const char *format,
               ...)
{
    char text[CHECK_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    check->count++;
    check->failed += code != FAULT_NONE;
    if (check->failing == FAULT_NONE)
        check->failing = code;
    if (!check->json) {
        char name[CHECK_NAME_MAX];
        snprintf(name, sizeof(name), "%s%s%s", check->route ? check->route : "",
                 check->route ? ": " : "", what);
        printf("%-4s  %-18s  %s\n", code == FAULT_NONE ? "ok" : "FAIL", name, text);
        return;
    }
    json_out_begin_object(check->json, NULL);
    json_out_bool(check->json, "ok", code == FAULT_NONE);
    if (check->route)
        json_out_text(check->json, "route", slice_of(check->route));
    json_out_text(check->json, "what", slice_of(what));
    json_out_text(check->json, "text", slice_of(text));
    json_out_end_object(check->json);
}

static void check_endpoint(struct check *check, const struct endpoint_conf *endpoint)
{
    char text[CHECK_TEXT_MAX] = "";
    struct fault fault = {0};
    if (endpoint->profile->sends_nothing) {
        check_say(check, FAULT_NONE, "endpoint", "none: this route sends nothing");
        return;
    }
    check_say(check, FAULT_NONE, "endpoint", "URL, secret and certificates can be used");
    if (!uplink_probe(endpoint, text, sizeof(text), &fault)) {
        check_say(check, fault.code, "endpoint", "%s", fault.text);
        return;
    }
    check_say(check, FAULT_NONE, "endpoint", "%s", text);
    if (endpoint->on_unknown == UNKNOWN_LOOKUP)
        check_lookup(check, endpoint);
}

struct check_settings {
    struct json_out *json;
    char only[32]; /* "routes[1]": of routes only this one; "": all */
};

static bool check_shows(const struct check_settings *settings, const char *key)
{
    size_t len = strlen(settings->only);
    return strncmp(key, "routes[", 7) != 0 || strncmp(key, settings->only, len) == 0;
}

static void check_on_setting(void *ctx, const char *key, const char *value, const char *origin)
{
    const struct check_settings *settings = ctx;
    if (!check_shows(settings, key))
        return;
    if (!settings->json) {
        printf("%-38s  %-32s  %s\n", key, value, origin);
        return;
    }
    json_out_begin_object(settings->json, NULL);
    json_out_text(settings->json, "key", slice_of(key));
    json_out_text(settings->json, "value", slice_of(value));
    json_out_text(settings->json, "origin", slice_of(origin));
    json_out_end_object(settings->json);
}

static void check_on_warning(void *ctx, const char *key, const char *text)
{
    const struct check_settings *settings = ctx;
    if (!check_shows(settings, key))
        return;
    if (!settings->json) {
        printf("warn  %s %s\n", key, text);
        return;
    }
    json_out_begin_object(settings->json, NULL);
    json_out_text(settings->json, "key", slice_of(key));
    json_out_text(settings->json, "text", slice_of(text));
    json_out_end_object(settings->json);
}

static void check_settings(const struct choice *choice, struct json_out *json)
{
    struct check_settings settings = {.json = json};
    if (choice->name)
        snprintf(settings.only, sizeof(settings.only), "routes[%zu].",
                 (size_t)(choice->routes->whole - choice->conf.written));
    if (json)
        json_out_begin_array(json, "settings");
    conf_each(&choice->conf, check_on_setting, &settings);
    if (json) {
        json_out_end_array(json);
        json_out_begin_array(json, "warnings");
    }
    conf_each_warning(&choice->conf, check_on_warning, &settings);
    if (json)
        json_out_end_array(json);
}

static void check_ledger(struct check *check, const char *path)
{
    enum ledger_state state = LEDGER_NONE;
    size_t batches = 0;
    struct fault fault = {0};
    if (!ledger_look(path, &state, &batches, &fault))
        check_say(check, fault.code, "ledger", "%s", fault.text);
    else
        check_say(check, state == LEDGER_FOREIGN ? FAULT_CONF : FAULT_NONE, "ledger",
                  "%s; batches known: %zu", ledger_sentence(slice_of(ledger_word(state))),
                  batches);
}

static void check_connect(struct check *check, const struct choice *choice)
{
    if (choice->conf.ledger.path)
        check_ledger(check, choice->conf.ledger.path);
    check_redis(check, choice);
    for (size_t i = 0; i < choice->count; i++) {
        check->route = choice->routes[i].whole->name;
        if (i == 0 || choice->routes[i].whole != choice->routes[i - 1].whole)
            check_endpoint(check, &choice->routes[i].endpoint);
    }
}

static void check_work(struct check *check, const struct choice *choice,
                       const struct cli_call *call)
{
    if (check->json)
        json_out_begin_array(check->json, "checks");
    else
        putchar('\n');
    if (call->values[OPTION_REPAIR])
        check_repair(check, choice);
    if (call->values[OPTION_CONNECT])
        check_connect(check, choice);
    if (check->json)
        json_out_end_array(check->json);
}

bool check_all(const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    struct say_json json = {0};
    struct check check = {.json = call->values[OPTION_JSON] ? &json.out : NULL};
    if (!choice_read(&choice, call, fault))
        return false;
    if (call->values[OPTION_ACL]) {
        check_acl(&choice);
        choice_free(&choice);
        return true;
    }
    say_json_begin(&json);
    json_out_begin_object(&json.out, NULL);
    check_settings(&choice, check.json);
    if (call->values[OPTION_CONNECT] || call->values[OPTION_REPAIR])
        check_work(&check, &choice, call);
    json_out_end_object(&json.out);
    say_json_end(&json, check.json);
    choice_free(&choice);
    if (check.failed > 0)
        return fault_set(fault, check.failing, "%zu of %zu checks failed", check.failed,
                         check.count);
    return true;
}
