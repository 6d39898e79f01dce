// The tasklet that runs: its number, its stack, its end.
#pragma once

#include <dpu_primitives.h>

// Of a tasklet: 0 to NR_TASKLETS - 1. me() is in dpu_primitives.h.
typedef unsigned sysname_t;

// Ends the run (fault 4).
static inline void halt(void) {
    __dpu_fault(DPU_FAULT_HALT);
}

// Bytes that the tasklet's stack still has room for; negative when it has overflowed.
static inline int check_stack(void) {
    return (int)__dpu_stack_left();
}
