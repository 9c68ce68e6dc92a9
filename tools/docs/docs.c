/*
 * docs.c - elrelay-docs: the manual pages and the completion, made from the program's own
 * tables.
 */

#include <stdio.h>
#include <string.h>

#include "pages.h"

struct page {
    const char *name;
    void (*write)(FILE *to);
};

static const struct page pages[] = {
    {"elrelay.1", page_commands},
    {"elrelay.yaml.5", page_settings},
    {"elrelay.bash", page_completion},
};

static int docs_write(const struct page *page, const char *path)
{
    FILE *to = fopen(path, "w");
    if (!to) {
        perror(path);
        return 1;
    }
    page->write(to);
    int failed = ferror(to);
    if (fclose(to) != 0 || failed) {
        perror(path);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof(pages) / sizeof(pages[0]); i++)
        if (strcmp(argv[1], pages[i].name) == 0)
            return docs_write(&pages[i], argv[2]);
    fprintf(stderr, "usage: elrelay-docs elrelay.1|elrelay.yaml.5|elrelay.bash FILE\n");
    return 2;
}
