// Prefix sums over tasklets, by handshakes: each waits for the one before it. In a round every
// tasklet has one block of the values, or none, and calls chain(); in order of rounds, and of
// tasklets in a round, each gets the sum of what all before it gave.
#ifndef CHAIN_H
#define CHAIN_H

#include "prim.h"
#include <handshake.h>

#define ROUND (NR_TASKLETS * BLOCK) // bytes

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

struct block {
    uint32_t at, count; // its place, in bytes; how many values
};

// This tasklet's block of the round that begins at `round`, which is read into `values`.
static struct block read_block(uint32_t round, uint32_t bytes, int64_t *values) {
    struct block block = {round + me() * BLOCK, 0};
    if (block.at < bytes) {
        const uint32_t size = least(BLOCK, bytes - block.at);
        mram_read(mram_at(block.at), values, size);
        block.count = size / sizeof *values;
    }
    return block;
}

#endif
