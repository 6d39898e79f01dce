#include <sem.h>

void sem_take(sem_t *sem) {
    __dpu_acquire(sem->lock);
    sem->count--;
    if (sem->count < 0) {
        sem->waiting++;
        __dpu_wait(&sem->wait_queue, sem->lock);
        return;
    }
    __dpu_clear(sem->lock);
}

void sem_give(sem_t *sem) {
    __dpu_acquire(sem->lock);
    sem->count++;
    // Where the count began below 0, more gives are missing than tasklets wait.
    if (sem->waiting > -sem->count) {
        sem->waiting--;
        __dpu_wake(&sem->wait_queue);
    }
    __dpu_clear(sem->lock);
}
