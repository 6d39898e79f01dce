// The sum of int64 values: each tasklet's own first, then of pairs, pairs of pairs, ... by
// handshakes. Also tells what it took, by the performance counter. MRAM: the values.
#include "prim.h"
#include <handshake.h>
#include <perfcounter.h>
#include <stdbool.h>

__host struct {
    uint32_t bytes;
} DPU_INPUT_ARGUMENTS;

// The sum is tasklet 0's; of the others: that of those it added up.
__host struct {
    int64_t sum;
    uint64_t cycles;
} DPU_RESULTS[NR_TASKLETS];

int main(void) {
    if (me() == 0)
        perfcounter_config(COUNT_CYCLES, true);
    prologue();
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.bytes;
    int64_t *values = mem_alloc(BLOCK);
    int64_t sum = 0;
    for (uint32_t at = me() * BLOCK; at < bytes; at += NR_TASKLETS * BLOCK) {
        const uint32_t size = least(BLOCK, bytes - at);
        mram_read(mram_at(at), values, size);
        sum += sum_of(values, size / sizeof(int64_t));
    }
    DPU_RESULTS[me()].sum = sum;
    for (uint32_t step = 1; step < NR_TASKLETS; step *= 2) {
        if (me() & step) {
            handshake_notify();
            break;
        }
        if (me() + step < NR_TASKLETS) {
            handshake_wait_for(me() + step);
            DPU_RESULTS[me()].sum += DPU_RESULTS[me() + step].sum;
        }
    }
    DPU_RESULTS[me()].cycles = perfcounter_get();
    return 0;
}
