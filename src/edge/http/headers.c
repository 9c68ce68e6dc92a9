/*
 * headers.c - header lines as libcurl wants them, checked against splitting and wiped after
 * use.
 */

#include "edge/http/headers.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "edge/http/secret.h"
#include "elrelay/ground/mem.h"

/* Written by us or by libcurl; a second one would break the framing or the identity of a batch.
 */
static const char *const headers_ours[] = {
    "Connection", "Content-Length",    "Content-Type", "Expect", "Host", "Idempotency-Key",
    "TE",         "Transfer-Encoding", "Upgrade",
};

static void headers_add_line(struct headers *headers, const char *line)
{
    struct curl_slist *longer = curl_slist_append(headers->lines, line);
    assert(longer); /* out of memory */
    headers->lines = longer;
}

/* libcurl sends "Name;" as a header without a value, and drops "Name:". */
void headers_add(struct headers *headers, const char *name, const char *value)
{
    size_t cap = strlen(name) + strlen(value) + sizeof(": ");
    char *line = mem_zalloc(cap);
    snprintf(line, cap, "%s%s%s", name, *value ? ": " : ";", value);
    headers_add_line(headers, line);
    mem_wipe(line, cap);
    mem_free(line);
}

void headers_add_own(struct headers *headers, const struct request_setup *setup)
{
    const char *batch_header = setup->endpoint->profile->batch_header;
    headers_add(headers, "Content-Type", setup->content_type);
    headers_add(headers, "Idempotency-Key", setup->batch_id);
    if (batch_header)
        headers_add(headers, batch_header, setup->batch_id);
}

void headers_suppress(struct headers *headers, const char *name)
{
    size_t cap = strlen(name) + sizeof(":");
    char *line = mem_zalloc(cap);
    snprintf(line, cap, "%s:", name);
    headers_add_line(headers, line);
    mem_free(line);
}

void headers_free(struct headers *headers)
{
    for (struct curl_slist *line = headers->lines; line; line = line->next)
        mem_wipe(line->data, strlen(line->data));
    curl_slist_free_all(headers->lines);
    *headers = (struct headers){0};
}

/* A token of RFC 9110, 5.6.2. */
static bool headers_name_is_token(const char *name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return *name && !name[strspn(name, token)];
}

static bool headers_value_is_one_line(const char *value)
{
    for (; *value; value++)
        if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7f)
            return false;
    return true;
}

static bool headers_name_is_ours(const char *name, const struct endpoint_conf *endpoint)
{
    for (size_t i = 0; i < sizeof(headers_ours) / sizeof(headers_ours[0]); i++)
        if (strcasecmp(name, headers_ours[i]) == 0)
            return true;
    const char *batch_header = endpoint->profile->batch_header;
    return batch_header && strcasecmp(name, batch_header) == 0;
}

static bool headers_check_name(const char *name, const struct endpoint_conf *endpoint,
                               struct fault *fault)
{
    if (!headers_name_is_token(name))
        return fault_set(fault, FAULT_CONF, "header \"%s\" is no header name", name);
    if (headers_name_is_ours(name, endpoint))
        return fault_set(fault, FAULT_CONF,
                         "header %s cannot be configured: elrelay writes it itself", name);
    return true;
}

static bool headers_add_configured(struct headers *headers,
                                   const struct endpoint_conf *endpoint, struct fault *fault)
{
    for (size_t i = 0; i < endpoint->header_count; i++) {
        const struct header_pair *pair = &endpoint->headers[i];
        if (!headers_check_name(pair->name, endpoint, fault))
            return false;
        if (!headers_value_is_one_line(pair->value))
            return fault_set(fault, FAULT_CONF, "header %s holds a control character",
                             pair->name);
        headers_add(headers, pair->name, pair->value);
    }
    return true;
}

static void headers_add_bearer(struct headers *headers, const char *token)
{
    static const char scheme[] = "Bearer ";
    size_t cap = sizeof(scheme) + strlen(token);
    char *value = mem_zalloc(cap);
    snprintf(value, cap, "%s%s", scheme, token);
    headers_add(headers, "Authorization", value);
    mem_wipe(value, cap);
    mem_free(value);
}

static bool headers_add_auth(struct headers *headers, const struct endpoint_conf *endpoint,
                             struct fault *fault)
{
    const struct auth_conf *auth = &endpoint->auth;
    if (auth->type == AUTH_NONE)
        return true;
    if (auth->type == AUTH_KEY && !headers_check_name(auth->header, endpoint, fault))
        return false;
    struct secret secret;
    if (!secret_read(&secret, auth->secret_file, fault))
        return false;
    if (auth->type == AUTH_KEY)
        headers_add(headers, auth->header, secret.text);
    else
        headers_add_bearer(headers, secret.text);
    secret_free(&secret);
    return true;
}

bool headers_begin(struct headers *headers, const struct endpoint_conf *endpoint,
                   struct fault *fault)
{
    *headers = (struct headers){0};
    if (headers_add_configured(headers, endpoint, fault) &&
        headers_add_auth(headers, endpoint, fault))
        return true;
    headers_free(headers);
    return false;
}
