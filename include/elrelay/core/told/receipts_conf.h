#ifndef ELRELAY_CORE_TOLD_RECEIPTS_CONF_H
#define ELRELAY_CORE_TOLD_RECEIPTS_CONF_H

/*
 * receipts_conf.h - what the configuration says about receipts: for how long a finished batch
 * is remembered.
 */

#include <stdint.h>

/* At most; and at least beside a ledger, which knows for as long what it sent. */
#define RECEIPTS_KEEP_MAX_MS    ((uint64_t)3650 * 24 * 3600 * 1000)
#define RECEIPTS_KEEP_LEDGER_MS ((uint64_t)30 * 24 * 3600 * 1000)

struct receipts_conf {
    uint64_t keep_ms;
};

#endif
