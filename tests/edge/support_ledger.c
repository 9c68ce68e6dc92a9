/*
 * support_ledger.c - files of a ledger, as a test wants them.
 */

#include "edge/support_ledger.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char ledger_folder[] = "/tmp/elrelay-ledger-XXXXXX";
char ledger_path[LEDGER_NAME_LEN];
char ledger_key[LEDGER_NAME_LEN];

struct uuid batch_id(size_t batch)
{
    struct uuid id;
    uint8_t random[UUID_RANDOM_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, (uint8_t)batch};
    uuid_make(&id, NOW + batch, random);
    return id;
}

struct mark event_mark(const struct ledger *ledger, size_t batch, size_t event)
{
    char text[64];
    struct mark mark;
    snprintf(text, sizeof(text), "{\"event\": %zu}", batch * 1000 + event);
    ledger_mark(ledger, slice_of(text), &mark);
    return mark;
}

bool send_batch(struct ledger *ledger, size_t batch, uint32_t attempt, uint64_t now)
{
    struct mark marks[EVENTS];
    struct uuid id = batch_id(batch);
    for (size_t i = 0; i < EVENTS; i++)
        marks[i] = event_mark(ledger, batch, i);
    return ledger_sending(ledger, &(struct ledger_send){.id = &id,
                                                        .attempt = attempt,
                                                        .sha256 = SHA256,
                                                        .marks = marks,
                                                        .count = EVENTS,
                                                        .route = 7,
                                                        .endpoint = 8,
                                                        .now_unix_ms = now});
}

void note_batch(struct ledger *ledger, size_t batch, enum recall_state state)
{
    struct uuid id = batch_id(batch);
    ledger_note(ledger, &id, state, NOW + 1);
}

enum recall_state state_of(const struct ledger *ledger, size_t batch)
{
    struct recall recall;
    struct uuid id = batch_id(batch);
    if (!ledger_recall(ledger, &id, 8, &recall))
        return RECALL_NONE;
    assert_string_equal(recall.id.text, id.text);
    return recall.state;
}

struct ledger *ledger_open_at(uint64_t now)
{
    struct fault fault = {0};
    struct ledger *ledger = ledger_open(ledger_path, now, &fault);
    if (!ledger)
        fail_msg("%s", fault.text);
    return ledger;
}

void check_refused(enum fault_code code, const char *want)
{
    struct fault fault = {0};
    struct ledger *ledger = ledger_open(ledger_path, NOW, &fault);
    assert_null(ledger);
    assert_int_equal(fault.code, code);
    assert_non_null(strstr(fault.text, want));
    assert_non_null(strstr(fault.text, ledger_path));
}

void ledger_fill(void)
{
    static const enum recall_state states[BATCHES] = {RECALL_NONE, RECALL_ACCEPTED,
                                                      RECALL_NOT_TAKEN, RECALL_RELEASED};
    struct ledger *ledger = ledger_open_at(NOW);
    for (size_t i = 0; i < BATCHES; i++)
        assert_true(send_batch(ledger, i, 1, NOW + i));
    for (size_t i = 1; i < BATCHES; i++)
        note_batch(ledger, i, states[i]);
    ledger_close(ledger);
}

size_t read_file(const char *name, char *bytes)
{
    int fd = open(name, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t got = read(fd, bytes, FILE_MAX);
    close(fd);
    assert_true(got >= 0);
    return (size_t)got;
}

void write_file(const char *name, const char *bytes, size_t len)
{
    unlink(name);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

size_t size_of(const char *name)
{
    struct stat facts;
    return stat(name, &facts) == 0 ? (size_t)facts.st_size : 0;
}

int ledger_setup(void **state)
{
    (void)state;
    snprintf(ledger_folder, sizeof(ledger_folder), "/tmp/elrelay-ledger-XXXXXX");
    if (!mkdtemp(ledger_folder))
        return -1;
    snprintf(ledger_path, sizeof(ledger_path), "%s/ledger", ledger_folder);
    snprintf(ledger_key, sizeof(ledger_key), "%s/ledger.key", ledger_folder);
    return 0;
}

int ledger_teardown(void **state)
{
    (void)state;
    unlink(ledger_path);
    unlink(ledger_key);
    return rmdir(ledger_folder);
}
