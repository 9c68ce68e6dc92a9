/*
 * replay.c - feeds every file of a folder to a fuzz target, where the compiler brings no
 * fuzzer.
 *
 * Fails when the folder holds fewer files than a corpus must have, so that an empty one is no
 * green test.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

#include "elrelay/ground/mem.h"

enum { CORPUS_MIN = 50, FILE_MAX = 4 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *folder, const char *name, uint8_t *room)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t len = fread(room, 1, FILE_MAX, file);
    fclose(file);
    LLVMFuzzerTestOneInput(room, len);
    return 1;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    uint8_t *room = mem_zalloc(FILE_MAX);
    int files = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (entry->d_name[0] != '.')
            files += replay_file(argv[1], entry->d_name, room);
    closedir(dir);
    mem_free(room);
    printf("%d files\n", files);
    return files < CORPUS_MIN;
}
