#include "state.h"

#include <assert.h>
#include <stdio.h>

void __assert_fail(const char *condition, const char *file, unsigned line, const char *function) {
    printf("%s:%u: %s: assertion failed: %s\n", file, line, function, condition);
    __dpu_fault(DPU_FAULT_ASSERTION);
}
