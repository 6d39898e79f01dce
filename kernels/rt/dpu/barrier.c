#include <barrier.h>

void barrier_wait(barrier_t *barrier) {
    __dpu_note(DPU_NOTE_BARRIER, barrier, barrier->initial_count);
    __dpu_acquire(barrier->lock);
    if (barrier->count > 1) {
        barrier->count--;
        __dpu_wait(&barrier->wait_queue, barrier->lock);
        return;
    }
    while (__dpu_wake(&barrier->wait_queue)) {
    }
    barrier->count = barrier->initial_count;
    __dpu_clear(barrier->lock);
}
