#ifndef ELRELAY_RECEIVER_HISTORY_H
#define ELRELAY_RECEIVER_HISTORY_H

/*
 * history.h - submissions as the endpoint shows them (ENDPOINT 2.2 and 4), and the names of
 * senders.
 */

#include <stdbool.h>
#include <stddef.h>

#include "exchange.h"

/* Answers with the submission's detailed history and its Location, under its own status. */
void history_answer(struct exchange *exchange, const struct submission *submission);

/* "org.sender" of "org.sender" or "org"; "" where it is neither or too long. */
void sender_name(char *name, size_t size, const char *client);

/* The list names this sender ("org" stands for "org.default"); if_empty is told where it names
 * none at all. */
bool sender_is_listed(const struct text_list *list, const char *sender, bool if_empty);

#endif
