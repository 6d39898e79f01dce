// The incremental allocator: the heap is handed out from its start on, and only as a whole does it
// come back.
#include "state.h"

#include <alloc.h>

void *__dpu_heap_take(size_t size, size_t align) {
    struct dpu_state *state = __dpu_state();
    uintptr_t start = (uintptr_t)__dpu_heap_start();
    uintptr_t end = (uintptr_t)__dpu_heap_end();
    __dpu_acquire(__DPU_LOCK_HEAP);
    uintptr_t block = (start + state->heap_used + align - 1) & -(uintptr_t)align;
    // The end is not rounded: the next block is, and a size of 0 shows it as it is.
    _Bool fits = block <= end && size <= end - block;
    if (fits)
        state->heap_used = block + size - start;
    __dpu_clear(__DPU_LOCK_HEAP);
    if (!fits)
        __dpu_fault(DPU_FAULT_HEAP_FULL);
    __dpu_note(DPU_NOTE_ALLOC, (void *)block, size);
    return (void *)block;
}

void *mem_alloc(size_t size) {
    if (size == 0)
        return __dpu_heap_start() + __dpu_state()->heap_used;
    return __dpu_heap_take(size, 8);
}

void *mem_reset(void) {
    __dpu_acquire(__DPU_LOCK_HEAP);
    __dpu_state()->heap_used = 0;
    __dpu_note(DPU_NOTE_HEAP_RESET, __dpu_heap_start(), 0);
    __dpu_clear(__DPU_LOCK_HEAP);
    return __dpu_heap_start();
}
