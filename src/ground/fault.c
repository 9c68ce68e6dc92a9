/*
 * fault.c - texts of fixed size, so that reporting trouble never needs memory.
 */

#include "elrelay/ground/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->code = code;
    vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
    return false;
}

bool fault_add_context(struct fault *fault, const char *format, ...)
{
    char told[FAULT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(told, sizeof(told), format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(told) - 3)
        return false;
    size_t used = (size_t)len;
    snprintf(told + used, sizeof(told) - used, ": %.*s", (int)(sizeof(told) - used - 3),
             fault->text);
    memcpy(fault->text, told, sizeof(told));
    return false;
}

_Noreturn void fault_bug(const char *where, const char *what)
{
    fprintf(stderr, "elrelay: bug: %s: %s\n", where, what);
    abort();
}

int fault_exit_code(enum fault_code code)
{
    return (int)code;
}
