#ifndef ELRELAY_CORE_TOLD_QUEUE_CONF_H
#define ELRELAY_CORE_TOLD_QUEUE_CONF_H

/*
 * queue_conf.h - what the configuration says about a queue: its keys, and how it is read.
 */

#include <stddef.h>

enum inbox_end { INBOX_LEFT, INBOX_RIGHT };

/* Events of a read: any may be large, and what a read brings is kept for a turn of the loop. */
enum { PEEK_COUNT_MAX = 40 };

struct queue_conf {
    char *space;  /* in a cluster, of a route of type forward: what stands between the prefix of
                     its tag and its own keys; NULL: nothing */
    char *tag;    /* between the braces of all keys that are not given: the route's name; in a
                     cluster the tag of those that are. NULL: of none that was read */
    char *stream; /* elrelay:{TAG}:events where not given; NULL: of none that was read */
    char *inbox;  /* NULL: none */
    char *exceptions;         /* as the stream; NULL also with type forward */
    enum inbox_end inbox_end; /* that we take from: left for RPUSH, right for LPUSH producers */
    size_t peek_count;
};

#endif
