// Inclusive prefix sums of int64, as scan, scan, add. Launched twice: each DPU scans what it has;
// the host scans the sums of the DPUs; then each DPU adds to all of its own what the ones before it
// have.
// MRAM: the values, then as much space for their sums.
#include "chain.h"

enum { SCAN, ADD };

__host struct {
    uint32_t step, bytes, capacity, unused;
    int64_t before; // ADD: the sum of the DPUs before this one
} DPU_INPUT_ARGUMENTS;

__host struct {
    int64_t sum;
} DPU_RESULTS[NR_TASKLETS];

static int64_t scan(int64_t *values, uint32_t count) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        values[i] = sum += values[i];
    return sum;
}

static void add(int64_t *values, uint32_t count, int64_t addend) {
    for (uint32_t i = 0; i < count; i++)
        values[i] += addend;
}

int main(void) {
    if (me() == 0)
        chain_start(0);
    prologue();
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.bytes;
    __mram_ptr uint8_t *to = mram_at(DPU_INPUT_ARGUMENTS.capacity);
    int64_t *values = mem_alloc(BLOCK);
    if (DPU_INPUT_ARGUMENTS.step == ADD) {
        for (uint32_t at = me() * BLOCK; at < bytes; at += NR_TASKLETS * BLOCK) {
            const uint32_t size = least(BLOCK, bytes - at);
            mram_read(to + at, values, size);
            add(values, size / sizeof(int64_t), DPU_INPUT_ARGUMENTS.before);
            mram_write(values, to + at, size);
        }
        return 0;
    }
    int64_t mine = 0;
    for (uint32_t round = 0; round < bytes; round += ROUND) {
        const struct block block = read_block(round, bytes, values);
        const int64_t sum = scan(values, block.count);
        add(values, block.count, chain(sum));
        if (block.count)
            mram_write(values, to + block.at, block.count * sizeof *values);
        mine += sum;
    }
    DPU_RESULTS[me()].sum = mine;
    return 0;
}
