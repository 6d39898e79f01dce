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
    __mram_ptr uint8_t *to = mram_at(DPU_INPUT_ARGUMENTS.capacity);
    int64_t *values = mem_alloc(BLOCK);
    int64_t mine = 0;
    for (uint32_t round = 0; round < bytes; round += ROUND) {
        const struct block block = read_block(round, bytes, values);
        const int64_t sum = sum_of(values, block.count);
        if (DPU_INPUT_ARGUMENTS.step == SCAN) {
            scan(values, block.count, chain(sum));
            if (block.count)
                mram_write(values, to + block.at, block.count * sizeof *values);
        }
        mine += sum;
    }
    DPU_RESULTS[me()].sum = mine;
    return 0;
}
