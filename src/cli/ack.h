#ifndef ELRELAY_CLI_ACK_H
#define ELRELAY_CLI_ACK_H

/*
 * ack.h - what a sender is told of one event, in HL7's terms: the acceptance (CA, CE, CR), and
 * what the endpoint said of it (AA, AE, AR).
 *
 * CA: the endpoint has taken the event. CR: it was refused, by the endpoint or by us before.
 * CE: it could not be sent. AA: taken, and no error said of it; AE: taken, with an error; AR:
 * refused for what it holds.
 */

#include <stdio.h>

#include "elrelay/core/carry/event.h"
#include "elrelay/core/carry/reason.h"
#include "elrelay/ground/uuid.h"

#define ACK_LIST(ROW)                                                                          \
    ROW(CA, "CA")                                                                              \
    ROW(CE, "CE")                                                                              \
    ROW(CR, "CR")                                                                              \
    ROW(AA, "AA")                                                                              \
    ROW(AE, "AE")                                                                              \
    ROW(AR, "AR")

#define ACK_ENUM(name, word) ACK_##name,
enum ack_code { ACK_NONE, ACK_LIST(ACK_ENUM) ACK_COUNT };
#undef ACK_ENUM

struct ack_error {
    bool is_error;        /* else a warning */
    struct slice details; /* the endpoint's words: for the sender's eyes */
};

struct ack {
    const char *route;
    const char *queue; /* the key that the sender writes to */
    struct slice id;   /* tracking id; "": it has none */
    uint64_t at_ms;    /* 0: not known */
    enum ack_code acceptance;
    enum ack_code application;
    const char *state; /* why there is no code yet; NULL: there is one */
    const struct ack_error *errors;
    size_t error_count;
    enum reason reason;                   /* it was set aside; REASON_NONE: no */
    char control[STREAM_ID_TEXT_MAX + 2]; /* names this acknowledgment, and no other */
};

/* "" for ACK_NONE. */
const char *ack_word(enum ack_code code);

/* Of an event that was set aside for this reason. */
void ack_of_reason(struct ack *ack, enum reason reason);

/* As a line of JSON. */
void ack_json(const struct ack *ack);

/* ack_hl7.c: as an ACK of HL7 v2.5.1; false, with nothing said, where there is no code or no
 * tracking id. */
bool ack_hl7(const struct ack *ack);

#endif
