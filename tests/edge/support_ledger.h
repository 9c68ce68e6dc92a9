#ifndef TESTS_EDGE_SUPPORT_LEDGER_H
#define TESTS_EDGE_SUPPORT_LEDGER_H

/*
 * support_ledger.h - a ledger in a folder of its own, and four batches in it.
 */

#include "elrelay/edge/host/ledger.h"

#include <stddef.h>

enum { BATCHES = 4, EVENTS = 7, RECORD = 64, FILE_MAX = 1024 * 1024, LEDGER_NAME_LEN = 200 };

#define NOW    ((uint64_t)1700000000000)
#define SHA256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

extern char ledger_path[LEDGER_NAME_LEN];
extern char ledger_key[LEDGER_NAME_LEN];

/* A folder of its own for each test; all of it is gone after it. */
int ledger_setup(void **state);
int ledger_teardown(void **state);
struct uuid batch_id(size_t batch);
struct mark event_mark(const struct ledger *ledger, size_t batch, size_t event);
/* EVENTS events of the batch, which was made at NOW. */
bool send_batch(struct ledger *ledger, size_t batch, uint32_t attempt, uint64_t now);
void note_batch(struct ledger *ledger, size_t batch, enum recall_state state);
enum recall_state state_of(const struct ledger *ledger, size_t batch);
struct ledger *ledger_open_at(uint64_t now);
/* Not opened: the fault names the file, and says so. */
void check_refused(enum fault_code code, const char *want);
/* 0: sending; 1: accepted; 2: not taken; 3: released. Each has three records of marks, and all
 * but the first one of a note: 20 records with the head. */
void ledger_fill(void);
/* At most FILE_MAX bytes. */
size_t read_file(const char *name, char *bytes);
void write_file(const char *name, const char *bytes, size_t len);
size_t size_of(const char *name);

#endif
