#include <handshake.h>
#include <stdint.h>

// How far each tasklet is: nobody is about it; it sleeps, having notified; or who waits for it.
enum { IDLE = 0, NOTIFIED = 1, AWAITED = 2 }; // AWAITED and more: by tasklet 0 and more

static uint8_t meetings[__DPU_MAX_TASKLETS];

void handshake_notify(void) {
    unsigned self = me();
    __dpu_acquire(__DPU_LOCK_HANDSHAKE);
    if (meetings[self] == IDLE) {
        meetings[self] = NOTIFIED;
        __dpu_clear(__DPU_LOCK_HANDSHAKE);
        __dpu_stop();
        return;
    }
    __dpu_resume(meetings[self] - AWAITED);
    meetings[self] = IDLE;
    __dpu_clear(__DPU_LOCK_HANDSHAKE);
}

int handshake_wait_for(sysname_t notifier) {
    __dpu_acquire(__DPU_LOCK_HANDSHAKE);
    unsigned meeting = meetings[notifier];
    if (meeting == IDLE) {
        meetings[notifier] = (uint8_t)(AWAITED + me());
        __dpu_clear(__DPU_LOCK_HANDSHAKE);
        __dpu_stop();
        return 0;
    }
    if (meeting == NOTIFIED) {
        meetings[notifier] = IDLE;
        __dpu_resume(notifier);
    }
    __dpu_clear(__DPU_LOCK_HANDSHAKE);
    if (meeting == NOTIFIED)
        return 0;
    errno = EALREADY;
    return EALREADY;
}
