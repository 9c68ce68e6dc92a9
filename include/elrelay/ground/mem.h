#ifndef ELRELAY_GROUND_MEM_H
#define ELRELAY_GROUND_MEM_H

/*
 * mem.h - the only room that asks the system for memory.
 *
 * No call here returns NULL: a process that cannot get memory stops at once, in one place, with
 * one line on stderr. Redis still has every event, and the service manager starts us again.
 */

#include <stddef.h>

/* size bytes, all zero. */
void *mem_zalloc(size_t size);

/* count items of size bytes each, all zero; a product that overflows aborts. */
void *mem_zalloc_array(size_t count, size_t size);

/* As realloc(3), for count items of size bytes; what is new is not cleared. */
void *mem_resize(void *ptr, size_t count, size_t size);

/* A copy of len bytes with a NUL behind them. */
char *mem_copy_text(const char *ptr, size_t len);

/* As free(3). */
void mem_free(void *ptr);

/* Clears secret bytes so that no optimiser leaves them behind. */
void mem_wipe(void *ptr, size_t len);

#endif
