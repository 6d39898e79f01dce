// What the sixteen programs in this folder share. They are in the manner of the PrIM benchmarks:
// every tasklet runs main, takes each NR_TASKLETS-th block of the data in MRAM, and works on it in
// WRAM. Their hosts put arguments into DPU_INPUT_ARGUMENTS, data at DPU_MRAM_HEAP_POINTER, and pad
// it to 8 bytes; prim_hosts.py has one for each. prim.py runs them. All are built alike:
//
//     kcc vector_add.c -mdevice=dpu -O2 -DNR_TASKLETS=16 -o vector_add.elf
#ifndef PRIM_H
#define PRIM_H

#include <alloc.h>
#include <attributes.h>
#include <barrier.h>
#include <defs.h>
#include <mram.h>
#include <stdint.h>

// Bytes of a transfer. With 24 tasklets, two buffers of 1024 for each would not fit the WRAM.
#define BLOCK (NR_TASKLETS > 16 ? 512u : 1024u)

BARRIER_INIT(everybody, NR_TASKLETS);

// The heap and all else in WRAM outlive a launch: what the last one allocated is given back first.
static inline void prologue(void) {
    if (me() == 0)
        mem_reset();
    barrier_wait(&everybody);
}

static inline __mram_ptr uint8_t *mram_at(uint32_t offset) {
    return (__mram_ptr uint8_t *)DPU_MRAM_HEAP_POINTER + offset;
}

static inline uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static inline int64_t sum_of(const int64_t *values, uint32_t count) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

#endif
