#ifndef TESTS_UNIT_SUPPORT_CMOCKA_H
#define TESTS_UNIT_SUPPORT_CMOCKA_H

/*
 * support_cmocka.h - cmocka, behind the four headers that it wants in front of it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
