#include <dpu_wait_queue.h>

// Who comes behind each tasklet that waits: it is in one queue only.
static uint8_t behind[__DPU_MAX_TASKLETS];

void __dpu_wait(__dpu_wait_queue_t *queue, unsigned lock) {
    unsigned self = me();
    if (*queue == __DPU_NOBODY) {
        behind[self] = (uint8_t)self;
    } else {
        behind[self] = behind[*queue];
        behind[*queue] = (uint8_t)self;
    }
    *queue = (uint8_t)self;
    __dpu_clear(lock);
    __dpu_stop(); // returns at once if somebody was faster to resume us
}

bool __dpu_wake(__dpu_wait_queue_t *queue) {
    if (*queue == __DPU_NOBODY)
        return false;
    unsigned last = *queue, first = behind[last];
    if (first == last)
        *queue = __DPU_NOBODY;
    else
        behind[last] = behind[first];
    __dpu_resume(first);
    return true;
}
