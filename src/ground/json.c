/*
 * json.c - cJSON behind a door.
 *
 * A struct json is a cJSON, cast here and nowhere else. Its memory comes from mem.h, so a NULL
 * from the parser means "not JSON" and never "no memory".
 */

#include "elrelay/ground/json.h"

#include <cjson/cJSON.h>

#include "elrelay/ground/mem.h"
#include "elrelay/ground/scan.h"

static const struct cJSON *json_node(const struct json *value)
{
    return (const struct cJSON *)(const void *)value;
}

static const struct json *json_value(const struct cJSON *node)
{
    return (const struct json *)(const void *)node;
}

static void *json_take_memory(size_t size)
{
    return mem_resize(NULL, 1, size);
}

const char *json_version(void)
{
    return cJSON_Version();
}

struct json *json_parse(struct slice bytes)
{
    if (bytes.len == 0)
        return NULL;
    cJSON_Hooks hooks = {.malloc_fn = json_take_memory, .free_fn = mem_free};
    cJSON_InitHooks(&hooks);
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(bytes.ptr, bytes.len, &end, false);
    while (tree && end < bytes.ptr + bytes.len && scan_is_space(*end))
        end++;
    if (tree && end < bytes.ptr + bytes.len) {
        cJSON_Delete(tree);
        return NULL;
    }
    return (struct json *)(void *)tree;
}

void json_free(struct json *tree)
{
    cJSON_Delete((struct cJSON *)(void *)tree);
}

enum json_kind json_kind(const struct json *value)
{
    switch (json_node(value)->type & 0xff) {
    case cJSON_False:
        return JSON_FALSE;
    case cJSON_True:
        return JSON_TRUE;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_TEXT;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const struct json *json_first(const struct json *value)
{
    return json_value(json_node(value)->child);
}

const struct json *json_next(const struct json *child)
{
    return json_value(json_node(child)->next);
}

const struct json *json_member(const struct json *object, const char *key)
{
    if (!object || json_kind(object) != JSON_OBJECT)
        return NULL;
    const struct json *found = NULL;
    for (const struct json *child = json_first(object); child; child = json_next(child))
        if (slice_is_text(json_key(child), key))
            found = child;
    return found;
}

struct slice json_key(const struct json *child)
{
    return slice_of(json_node(child)->string);
}

struct slice json_text(const struct json *value)
{
    return value ? slice_of(json_node(value)->valuestring) : (struct slice){0};
}

double json_number(const struct json *value)
{
    return json_node(value)->valuedouble;
}

bool json_u64(const struct json *value, uint64_t *number)
{
    static const double max = 9007199254740991.0;
    if (!value || json_kind(value) != JSON_NUMBER)
        return false;
    double told = json_number(value);
    if (!(told >= 0 && told <= max) || told != (double)(uint64_t)told)
        return false;
    *number = (uint64_t)told;
    return true;
}
