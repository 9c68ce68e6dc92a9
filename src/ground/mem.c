/*
 * mem.c - memory or the end.
 *
 * Zeroed by default, so that `= {0}` and a fresh object are the same thing.
 */

#include "elrelay/ground/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *mem_or_die(void *ptr)
{
    if (!ptr) {
        fputs("elrelay: out of memory\n", stderr);
        abort();
    }
    return ptr;
}

void *mem_zalloc(size_t size)
{
    return mem_zalloc_array(1, size);
}

void *mem_zalloc_array(size_t count, size_t size)
{
    return mem_or_die(calloc(count ? count : 1, size ? size : 1));
}

void *mem_resize(void *ptr, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        mem_or_die(NULL);
    size_t total = count * size;
    return mem_or_die(realloc(ptr, total ? total : 1));
}

char *mem_copy_text(const char *ptr, size_t len)
{
    char *copy = mem_zalloc(len + 1);
    if (len)
        memcpy(copy, ptr, len);
    return copy;
}

void mem_free(void *ptr)
{
    free(ptr);
}

void mem_wipe(void *ptr, size_t len)
{
    volatile unsigned char *byte = ptr;
    while (len--)
        *byte++ = 0;
}
