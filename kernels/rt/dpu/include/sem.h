// Counting semaphores; who has waited longest is served first.
#pragma once

#include <atomic_bit.h>
#include <dpu_wait_queue.h>

typedef struct sem_t {
    __dpu_wait_queue_t wait_queue;
    int8_t count; // below 0: gives that are missing
    uint8_t waiting;
    uint8_t lock;
} sem_t;

// A negative count is that of gives which must come before any take returns.
#define SEMAPHORE_INIT(name, count)                                                               \
    _Static_assert((count) >= -127 && (count) < 128, "a semaphore starts between -127 and 127");  \
    sem_t name = {__DPU_NOBODY, (count), 0, __DPU_LOCK_POOL}

void sem_take(sem_t *sem) __attribute__((blocking));
void sem_give(sem_t *sem);
