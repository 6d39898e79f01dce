// Binary search: for each query, how many of the sorted int64 values are less. All DPUs have all
// values, and queries of their own. In MRAM by single values, until what is left fits a block.
// MRAM: the values; the queries, whose results replace them.
#include "prim.h"

__host struct {
    uint32_t values, queries; // how many
} DPU_INPUT_ARGUMENTS;

static uint32_t lower_bound(const int64_t *values, uint32_t count, int64_t query) {
    uint32_t low = 0;
    while (low < count) {
        const uint32_t middle = low + (count - low) / 2;
        if (values[middle] < query)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

static uint32_t lower_bound_mram(__mram_ptr uint8_t *values, uint32_t count, int64_t query,
                                 int64_t *block) {
    uint32_t low = 0;
    while (count - low > BLOCK / sizeof *block) {
        const uint32_t middle = low + (count - low) / 2;
        mram_read(values + middle * sizeof *block, block, sizeof *block);
        if (*block < query)
            low = middle + 1;
        else
            count = middle;
    }
    if (count > low)
        mram_read(values + low * sizeof *block, block, (count - low) * sizeof *block);
    return low + lower_bound(block, count - low, query);
}

int main(void) {
    prologue();
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.queries * sizeof(int64_t);
    __mram_ptr uint8_t *values = mram_at(0);
    __mram_ptr uint8_t *all_queries = values + DPU_INPUT_ARGUMENTS.values * sizeof(int64_t);
    int64_t *queries = mem_alloc(BLOCK), *block = mem_alloc(BLOCK);
    for (uint32_t at = me() * BLOCK; at < bytes; at += NR_TASKLETS * BLOCK) {
        const uint32_t size = least(BLOCK, bytes - at);
        mram_read(all_queries + at, queries, size);
        for (uint32_t i = 0; i < size / sizeof *queries; i++)
            queries[i] = lower_bound_mram(values, DPU_INPUT_ARGUMENTS.values, queries[i], block);
        mram_write(queries, all_queries + at, size);
    }
    return 0;
}
