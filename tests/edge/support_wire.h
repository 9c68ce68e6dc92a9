#ifndef ELRELAY_TESTS_SUPPORT_WIRE_H
#define ELRELAY_TESTS_SUPPORT_WIRE_H

/*
 * support_wire.h - a peer that does to a connection what its script says, and keeps what it
 * saw.
 *
 * It runs in a thread of its own and listens on loopback. Connections behind the first one are
 * served the same script, so that a second request would be seen.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_op {
    WIRE_END,       /* closes the connection; ends each script */
    WIRE_READ_HEAD, /* up to the empty line */
    WIRE_READ_BODY, /* all that Content-Length says */
    WIRE_READ_SOME, /* number bytes of the body */
    WIRE_SAY,       /* text */
    WIRE_DRIP,      /* text, byte by byte */
    WIRE_FLOOD,     /* text, again and again: number bytes */
    WIRE_THINK,     /* number milliseconds */
    WIRE_HOLD,      /* until the peer goes away */
    WIRE_RESET,     /* an abortive end */
};

struct wire_step {
    enum wire_op op;
    const char *text;
    size_t number;
};

/* Steps, as scripts are written. */
#define STEP(...)                                                                              \
    {                                                                                          \
        __VA_ARGS__                                                                            \
    }
#define HEAD            STEP(.op = WIRE_READ_HEAD)
#define READ_ALL        HEAD, STEP(.op = WIRE_READ_BODY)
#define READ_SOME(n)    STEP(.op = WIRE_READ_SOME, .number = (n))
#define SAY(words)      STEP(.op = WIRE_SAY, .text = (words))
#define DRIP(words)     STEP(.op = WIRE_DRIP, .text = (words))
#define FLOOD(words, n) STEP(.op = WIRE_FLOOD, .text = (words), .number = (n))
#define THINK(ms)       STEP(.op = WIRE_THINK, .number = (ms))
#define HOLD            STEP(.op = WIRE_HOLD)
#define RESET           STEP(.op = WIRE_RESET)
#define END             STEP(.op = WIRE_END)

#define CREATED "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"

enum { WIRE_HEAD_MAX = 16 * 1024 };

struct wire_seen {
    size_t connections;
    char head[WIRE_HEAD_MAX]; /* of the last request, with its empty line */
    size_t body_len;          /* of all requests */
    uint64_t body_hash;       /* wire_hash of it */
    size_t surplus;           /* bytes behind the body, waiting at the end of the script */
};

struct wire;

/* The script is borrowed until wire_stop. */
struct wire *wire_start(const struct wire_step *script);

/* The same behind TLS: `openssl s_server` with these further arguments (NULL at the end); one
 * connection. */
struct wire *wire_start_tls(const struct wire_step *script, const char *const *args);

unsigned wire_port(const struct wire *wire);

/* Ends it and tells what it saw. */
void wire_stop(struct wire *wire, struct wire_seen *seen);

/* FNV-1a, from WIRE_HASH_START on. */
#define WIRE_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t wire_hash(uint64_t hash, const char *bytes, size_t len);

#endif
