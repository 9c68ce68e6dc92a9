/*
 * version.c - `elrelay version`: ours, and those of the libraries that are loaded.
 */

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <uv.h>

#include "cli/commands.h"
#include "cli/say.h"
#include "elrelay/ground/json.h"

#define VERSION_TEXT_OF(number) #number
#define VERSION_TEXT(number)    VERSION_TEXT_OF(number)
#define HIREDIS_VERSION                                                                        \
    VERSION_TEXT(HIREDIS_MAJOR) "." VERSION_TEXT(HIREDIS_MINOR) "." VERSION_TEXT(HIREDIS_PATCH)

struct version_row {
    const char *name;
    const char *version;
};

static void version_print(const struct version_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%-8s %s\n", rows[i].name, rows[i].version);
}

static void version_print_json(const struct version_row *rows, size_t count)
{
    struct say_json json;
    say_json_begin(&json);
    json_out_begin_object(&json.out, NULL);
    for (size_t i = 0; i < count; i++)
        json_out_text(&json.out, rows[i].name, slice_of(rows[i].version));
    json_out_end_object(&json.out);
    say_json_end(&json, true);
}

bool version_show(const struct cli_call *call, struct fault *fault)
{
    (void)fault;
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    const char *slash = strchr(curl->ssl_version, '/');
    const struct version_row rows[] = {
        {"elrelay", cli_version()},   {"libuv", uv_version_string()},
        {"hiredis", HIREDIS_VERSION}, {"libcurl", curl->version},
        {"cjson", json_version()},    {"openssl", slash ? slash + 1 : curl->ssl_version},
    };
    size_t count = sizeof(rows) / sizeof(rows[0]);
    if (call->values[OPTION_JSON])
        version_print_json(rows, count);
    else
        version_print(rows, count);
    return true;
}
