// A histogram of 12-bit values (of uint32), of up to 4096 bins: too many for one a tasklet, so all
// count into one, under a lock for the bin. MRAM: the values, `capacity` bytes, then the bins,
// uint32.
#include "prim.h"
#include <mutex_pool.h>

#define LOCKS 8

MUTEX_POOL_INIT(locks, LOCKS);

__host struct {
    uint32_t bytes, capacity, bins;
} DPU_INPUT_ARGUMENTS;

static uint32_t *volatile histogram;

int main(void) {
    prologue();
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.bytes, bins = DPU_INPUT_ARGUMENTS.bins;
    if (me() == 0)
        histogram = mem_alloc(bins * sizeof *histogram);
    barrier_wait(&everybody);
    uint32_t *values = mem_alloc(BLOCK);
    volatile uint32_t *counts = histogram;
    for (uint32_t bin = me(); bin < bins; bin += NR_TASKLETS)
        counts[bin] = 0;
    barrier_wait(&everybody);
    for (uint32_t at = me() * BLOCK; at < bytes; at += NR_TASKLETS * BLOCK) {
        const uint32_t size = least(BLOCK, bytes - at);
        mram_read(mram_at(at), values, size);
        for (uint32_t i = 0; i < size / sizeof *values; i++) {
            const uint32_t bin = values[i] * bins >> 12;
            mutex_pool_lock(&locks, bin);
            counts[bin]++;
            mutex_pool_unlock(&locks, bin);
        }
    }
    barrier_wait(&everybody);
    for (uint32_t at = me() * BLOCK; at < bins * sizeof *values; at += NR_TASKLETS * BLOCK)
        mram_write((uint8_t *)histogram + at, mram_at(DPU_INPUT_ARGUMENTS.capacity + at),
                   least(BLOCK, bins * sizeof *values - at));
    return 0;
}
