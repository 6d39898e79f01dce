// Takes out of int64 values those that are like the one before. A block's first value is compared
// with the last one of the block before: another tasklet's, or another DPU's, of which the host
// tells.
// MRAM: the values, then as much space for what is kept.
#include "chain.h"
#include <stdbool.h>

__host struct {
    uint32_t bytes, capacity, follows, unused;
    int64_t previous; // if `follows`: the value before the first
} DPU_INPUT_ARGUMENTS;

__host struct {
    uint64_t kept;
} DPU_RESULTS[NR_TASKLETS];

// In place: `values[kept]` is at or before what was read last.
static uint32_t pack(int64_t *values, uint32_t count, bool follows, int64_t previous) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t value = values[i];
        if (!follows || value != previous)
            values[kept++] = value;
        follows = true;
        previous = value;
    }
    return kept;
}

int main(void) {
    if (me() == 0)
        chain_start(0);
    prologue();
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.bytes;
    __mram_ptr uint8_t *to = mram_at(DPU_INPUT_ARGUMENTS.capacity);
    int64_t *values = mem_alloc(BLOCK);
    int64_t *previous = mem_alloc(sizeof *previous);
    uint64_t mine = 0;
    for (uint32_t round = 0; round < bytes; round += ROUND) {
        const struct block block = read_block(round, bytes, values);
        *previous = DPU_INPUT_ARGUMENTS.previous;
        if (block.count && block.at > 0)
            mram_read(mram_at(block.at - sizeof *previous), previous, sizeof *previous);
        const bool follows = block.at > 0 || DPU_INPUT_ARGUMENTS.follows;
        const uint32_t kept = pack(values, block.count, follows, *previous);
        const int64_t before = chain(kept);
        if (kept)
            mram_write(values, to + before * sizeof(int64_t), kept * sizeof(int64_t));
        mine += kept;
    }
    DPU_RESULTS[me()].kept = mine;
    return 0;
}
