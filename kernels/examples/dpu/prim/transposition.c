// Transposes a matrix of int64 in place: a value goes where it belongs, and what was there goes on
// to where that belongs, round the cycle. Cycles may be long, so several tasklets share them: each
// starts at places of its own and stops where another has been. Flags in WRAM say where, each under
// a lock. The host gives each DPU a panel of rows, and puts the transposed ones side by side. MRAM:
// the panel.
#include "prim.h"
#include <mutex_pool.h>
#include <stdbool.h>

#define LOCKS 16

MUTEX_POOL_INIT(locks, LOCKS);

__host struct {
    uint32_t rows, columns;
} DPU_INPUT_ARGUMENTS;

static volatile uint32_t *volatile flags;

static int64_t value_at(uint32_t index) {
    __dma_aligned int64_t value;
    mram_read(mram_at(index * sizeof value), &value, sizeof value);
    return value;
}

// The value that was there, unless a new one is.
static bool take(uint32_t index, bool mark, int64_t *value) {
    const uint32_t word = index / 32, bit = 1u << index % 32;
    mutex_pool_lock(&locks, word);
    const bool moved = flags[word] & bit;
    if (!moved) {
        *value = value_at(index);
        if (mark)
            flags[word] |= bit;
    }
    mutex_pool_unlock(&locks, word);
    return !moved;
}

int main(void) {
    prologue();
    const uint32_t rows = DPU_INPUT_ARGUMENTS.rows, columns = DPU_INPUT_ARGUMENTS.columns;
    const uint32_t count = rows * columns, words = (count + 31) / 32;
    if (me() == 0)
        flags = mem_alloc(words * sizeof *flags);
    barrier_wait(&everybody);
    for (uint32_t word = me(); word < words; word += NR_TASKLETS)
        flags[word] = 0;
    barrier_wait(&everybody);
    for (uint32_t start = me(); start < count; start += NR_TASKLETS) {
        __dma_aligned int64_t value;
        int64_t next;
        if (!take(start, false, &value))
            continue;
        uint32_t to = start;
        while (to = to % columns * rows + to / columns, take(to, true, &next)) {
            mram_write(&value, mram_at(to * sizeof value), sizeof value);
            value = next;
        }
    }
    return 0;
}
