// Exclusive prefix sums of int64, as reduce, scan, scan: fewer transfers than scan_ssa.c. Launched
// twice: each DPU adds up what it has; the host scans these sums; then each DPU scans from where it
// begins.
// MRAM: the values, then as much space for their sums.
#include "chain.h"

enum { REDUCE, SCAN };

__host struct {
    uint32_t step, bytes, capacity, unused;
    int64_t before; // SCAN: the sum of the DPUs before this one
} DPU_INPUT_ARGUMENTS;

__host struct {
    int64_t sum;
} DPU_RESULTS[NR_TASKLETS];

static void scan(int64_t *values, uint32_t count, int64_t sum) {
    for (uint32_t i = 0; i < count; i++) {
        const int64_t value = values[i];
        values[i] = sum;
        sum += value;
    }
}

int main(void) {
    if (me() == 0)
        chain_start(DPU_INPUT_ARGUMENTS.before);
    prologue();
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.bytes;
    __mram_ptr uint8_t *from = mram_at(0), *to = mram_at(DPU_INPUT_ARGUMENTS.capacity);
    int64_t *values = mem_alloc(BLOCK);
    int64_t mine = 0;
    // Every tasklet takes part in every round, with a block or without.
    for (uint32_t round = 0; round < bytes; round += NR_TASKLETS * BLOCK) {
        const uint32_t at = round + me() * BLOCK, size = at < bytes ? least(BLOCK, bytes - at) : 0;
        if (size)
            mram_read(from + at, values, size);
        const int64_t sum = sum_of(values, size / sizeof(int64_t));
        if (DPU_INPUT_ARGUMENTS.step == SCAN) {
            scan(values, size / sizeof(int64_t), chain(sum));
            if (size)
                mram_write(values, to + at, size);
        }
        mine += sum;
    }
    DPU_RESULTS[me()].sum = mine;
    return 0;
}
