// Prefix sums over tasklets, by handshakes: each waits for the one before it. A call by all of them
// is a round; in order of rounds, and of tasklets in a round, each gets the sum of all values
// before its own.
#ifndef CHAIN_H
#define CHAIN_H

#include "prim.h"
#include <handshake.h>

static volatile int64_t chain_sum;

// By tasklet 0, before the prologue.
static inline void chain_start(int64_t sum) {
    chain_sum = sum;
}

static int64_t chain(int64_t value) {
    if (me() > 0)
        handshake_wait_for(me() - 1);
    int64_t before = chain_sum;
    chain_sum = before + value;
    if (me() + 1 < NR_TASKLETS)
        handshake_notify();
    barrier_wait(&everybody);
    return before;
}

#endif
