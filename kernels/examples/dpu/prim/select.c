// Selects the odd ones of int64 values, in order. A tasklet packs its block in WRAM; where it goes
// is what those before it have kept. MRAM: the values, then as much space for what is kept.
#include "chain.h"

__host struct {
    uint32_t bytes, capacity;
} DPU_INPUT_ARGUMENTS;

__host struct {
    uint64_t kept;
} DPU_RESULTS[NR_TASKLETS];

static uint32_t pack(int64_t *values, uint32_t count) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (values[i] % 2 != 0)
            values[kept++] = values[i];
    return kept;
}

int main(void) {
    if (me() == 0)
        chain_start(0);
    prologue();
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.bytes;
    __mram_ptr uint8_t *to = mram_at(DPU_INPUT_ARGUMENTS.capacity);
    int64_t *values = mem_alloc(BLOCK);
    uint64_t mine = 0;
    for (uint32_t round = 0; round < bytes; round += ROUND) {
        const struct block block = read_block(round, bytes, values);
        const uint32_t kept = pack(values, block.count);
        const int64_t before = chain(kept);
        if (kept)
            mram_write(values, to + before * sizeof(int64_t), kept * sizeof(int64_t));
        mine += kept;
    }
    DPU_RESULTS[me()].kept = mine;
    return 0;
}
