/*
 * ack_hl7.c - one ACK message of HL7 v2.5.1: MSH, MSA, and an ERR for each error.
 *
 * Sender and receiver stand swapped: it comes from the route, and goes to whoever writes to the
 * route's queue. Segments end with CR, as HL7 wants it; what the delimiters are made of is
 * escaped, and so is each control character.
 */

#include "cli/ack.h"

#include "elrelay/ground/time_text.h"

/* HL7 table 0357. */
struct hl7_error {
    enum reason reason;
    const char *code;
    const char *text;
};

static const struct hl7_error hl7_errors[] = {
    {REASON_REQUIRED, "101", "Required field missing"},
    {REASON_PATTERN, "102", "Data type error"},
    {REASON_NOT_IN_VALUES, "103", "Table value not found"},
    {REASON_NONE, "207", "Application internal error"}, /* any other */
};

enum { HL7_TIME_MAX = 32 };

static void hl7_put(struct slice text)
{
    static const char delimiters[] = "|^&~\\";
    static const char escapes[] = "FSTRE";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        const char *at = byte ? strchr(delimiters, byte) : NULL;
        if (at)
            printf("\\%c\\", escapes[at - delimiters]);
        else if (byte < ' ' || byte == 0x7f)
            printf("\\X%02X\\", byte);
        else
            putchar(byte);
    }
}

/* "20261122030405.678+0000" of "2026-11-22T03:04:05.678Z". */
static void hl7_write_time(char text[HL7_TIME_MAX], uint64_t unix_ms)
{
    char time[TIME_TEXT_MAX];
    size_t len = 0;
    time_text_write(time, unix_ms);
    for (const char *byte = time; *byte; byte++)
        if (!strchr("-T:Z", *byte))
            text[len++] = *byte;
    memcpy(text + len, "+0000", sizeof("+0000"));
}

static void hl7_put_header(const struct ack *ack)
{
    char time[HL7_TIME_MAX];
    hl7_write_time(time, ack->at_ms);
    printf("MSH|^~\\&|elrelay|");
    hl7_put(slice_of(ack->route));
    putchar('|');
    hl7_put(slice_of(ack->queue));
    printf("||%s||ACK^R01^ACK|%s|P|2.5.1|||NE|NE||UNICODE UTF-8\r", time, ack->control);
}

static void hl7_put_error(enum reason reason, bool is_error, struct slice details)
{
    const struct hl7_error *row = hl7_errors;
    while (row->reason != reason && row->reason != REASON_NONE)
        row++;
    printf("ERR|||%s^%s^HL70357|%c|", row->code, row->text, is_error ? 'E' : 'W');
    if (reason != REASON_NONE)
        printf("%s^%s^L", reason_word(reason), reason_sentence(reason));
    printf("|||");
    hl7_put(details);
    putchar('\r');
}

bool ack_hl7(const struct ack *ack)
{
    enum ack_code code = ack->application ? ack->application : ack->acceptance;
    if (code == ACK_NONE || ack->id.len == 0)
        return false;
    hl7_put_header(ack);
    printf("MSA|%s|", ack_word(code));
    hl7_put(ack->id);
    putchar('\r');
    for (size_t i = 0; i < ack->error_count; i++)
        hl7_put_error(ack->reason, ack->errors[i].is_error, ack->errors[i].details);
    if (ack->error_count == 0 && ack->reason != REASON_NONE)
        hl7_put_error(ack->reason, true, slice_of(reason_sentence(ack->reason)));
    return true;
}
