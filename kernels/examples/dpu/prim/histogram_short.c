// A histogram of 12-bit values (of uint32), of up to 256 bins: each tasklet counts into its own,
// all add them up. MRAM: the values, `capacity` bytes, then the bins, uint32.
#include "prim.h"

__host struct {
    uint32_t bytes, capacity, bins;
} DPU_INPUT_ARGUMENTS;

static uint32_t *histograms[NR_TASKLETS];

int main(void) {
    prologue();
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.bytes, bins = DPU_INPUT_ARGUMENTS.bins;
    uint32_t *values = mem_alloc(BLOCK);
    uint32_t *mine = histograms[me()] = mem_alloc(bins * sizeof *mine);
    for (uint32_t bin = 0; bin < bins; bin++)
        mine[bin] = 0;
    for (uint32_t at = me() * BLOCK; at < bytes; at += NR_TASKLETS * BLOCK) {
        const uint32_t size = least(BLOCK, bytes - at);
        mram_read(mram_at(at), values, size);
        for (uint32_t i = 0; i < size / sizeof *values; i++)
            mine[values[i] * bins >> 12]++;
    }
    barrier_wait(&everybody);
    // Into tasklet 0's; a bin is one tasklet's to add up.
    for (uint32_t bin = me(); bin < bins; bin += NR_TASKLETS)
        for (uint32_t other = 1; other < NR_TASKLETS; other++)
            histograms[0][bin] += histograms[other][bin];
    barrier_wait(&everybody);
    if (me() == 0)
        mram_write(histograms[0], mram_at(DPU_INPUT_ARGUMENTS.capacity), bins * sizeof *mine);
    return 0;
}
