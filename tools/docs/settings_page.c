/*
 * settings_page.c - elrelay.yaml(5).
 */

#include "pages.h"

#include <stdbool.h>

#include "elrelay/core/told/settings.h"
#include "roff.h"

enum { SENTENCE_MAX = 1024 };

/* Where the settings of a scope stand, for its heading. */
struct scope {
    enum setting_scope scope;
    const char *heading;
    const char *text;
};

static const struct scope scopes[] = {
    {SETTING_TOP, "SETTINGS",
     "At the top of the file. A dot in a name stands for one mapping inside another."},
    {SETTING_ROUTE, "SETTINGS OF A ROUTE", "In each item of the list `routes`."},
    {SETTING_COLUMN, "SETTINGS OF A COLUMN",
     "In each item of the list `format.columns` of a route."},
};

static const char example[] = "redis:\n"
                              "  url: \"redis://127.0.0.1:6379/0\"\n"
                              "routes:\n"
                              "  - name: covid\n"
                              "    schedule: {every: 120s}\n"
                              "    format: {header: union, tracking_id: Result_ID}\n"
                              "    endpoint:\n"
                              "      profile: reportstream\n"
                              "      url: \"https://reports.example.org/api/reports\"\n"
                              "      headers: {client: simple_report}\n"
                              "      timeout: 300s";

static void page_default(struct buf *text, const struct setting *setting)
{
    if (setting->fallback)
        buf_add_format(text, " Default: `%s`.", setting->fallback);
    else if (setting->flags & SETTING_REQUIRED)
        buf_add_text(text, " Must be given.");
    if (setting->flags & SETTING_RESTART)
        buf_add_text(text, " A change needs a restart.");
}

/* What is said of a setting beside its name. */
static void page_value(FILE *to, const struct setting *setting)
{
    struct buf text;
    buf_init(&text, SENTENCE_MAX);
    buf_add_text(&text, setting->sentence);
    if (setting->type != SETTING_TEXT) {
        buf_add_text(&text, " Must be ");
        setting_describe(setting, &text);
        buf_add_byte(&text, '.');
    }
    page_default(&text, setting);
    roff_text(to, buf_text(&text));
    buf_free(&text);
}

/* A setting behind a section, and not of it, gets a heading of its own. */
static void page_setting(FILE *to, const struct setting *setting, bool *in_section)
{
    bool is_section = setting->type == SETTING_SECTION;
    bool is_root = setting_section(setting) == NULL;
    if (is_section || (is_root && *in_section))
        roff_subsection(to, setting->key);
    else
        roff_tag(to, setting->key, NULL);
    *in_section = *in_section || is_section;
    if (is_section)
        roff_text(to, setting->sentence);
    else
        page_value(to, setting);
}

static void page_scope(FILE *to, const struct scope *scope)
{
    roff_section(to, scope->heading);
    roff_text(to, scope->text);
    bool in_section = false;
    for (size_t i = 0; i < setting_count; i++)
        if (setting_table[i].scope == scope->scope)
            page_setting(to, &setting_table[i], &in_section);
}

void page_settings(FILE *to)
{
    roff_title(to, "ELRELAY.YAML", "5", "File Formats");
    roff_section(to, "NAME");
    fprintf(to, "elrelay.yaml \\- the configuration of elrelay\n");
    roff_section(to, "DESCRIPTION");
    roff_text(to,
              "One YAML file. A key that is not known, "
              "a value of another type or beyond its limits, and a file that cannot be read "
              "are refused at the start, with the line and the key. "
              "`elrelay check` prints what is in effect and where each value came from.\n\n"
              "`${NAME}` in a value becomes the environment's variable of that name, "
              "`${NAME:-TEXT}` becomes TEXT where the variable is unset or empty. "
              "Units are part of a value: ms, s, m, h and d for times; "
              "B, kB, MB and GB (powers of 1000), KiB, MiB and GiB (of 1024) for sizes. "
              "A secret is never a value but the name of a file that holds it.");
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
        page_scope(to, &scopes[i]);
    roff_section(to, "EXAMPLE");
    roff_example(to, example);
    roff_section(to, "SEE ALSO");
    fprintf(to, "\\fBelrelay\\fR(1)\n");
}
