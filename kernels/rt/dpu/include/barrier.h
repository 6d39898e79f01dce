// Barriers: `count` tasklets wait for each other, and may do so again.
#pragma once

#include <atomic_bit.h>
#include <dpu_wait_queue.h>

typedef struct barrier_t {
    __dpu_wait_queue_t wait_queue;
    uint8_t count;         // still to come
    uint8_t initial_count; // in all
    uint8_t lock;
} barrier_t;

#define BARRIER_INIT(name, count)                                                              \
    _Static_assert((count) >= 0 && (count) < 128, "a barrier is for less than 128 tasklets");  \
    barrier_t name = {__DPU_NOBODY, (count), (count), __DPU_LOCK_POOL}

// Who comes is not asked: a tasklet too many, or the same one twice, counts as any other.
void barrier_wait(barrier_t *barrier) __attribute__((blocking));
