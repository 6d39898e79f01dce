// What the library keeps: on the DPU one for all tasklets, on other devices one for each hart.
// All zero when a program is loaded; launches leave it as it is.
#pragma once

#include <dpu_primitives.h>
#include <stddef.h>
#include <stdint.h>

struct dpu_state {
    uintptr_t heap_used;   // bytes from the start of the heap
    uint32_t *buddy_tree;  // one bit a block, see buddy_alloc.c; null until buddy_init
    char *buddy_arena;
    uint32_t buddy_size_log2;
    int error_number;      // errno
    uint64_t random;
    char *token;           // where strtok goes on
    uint64_t perf_start;   // the count that perfcounter_get() takes off
    uint32_t perf_config;
};

#ifdef __dpu__
extern char __sys_heap_pointer_reset[], __sys_wram_end[];
extern struct dpu_state __dpu_shared_state;
#define __dpu_state() (&__dpu_shared_state)
#define __dpu_heap_start() ((char *)__sys_heap_pointer_reset)
#define __dpu_heap_end() ((char *)__sys_wram_end)
#else
struct dpu_state *__dpu_state(void);
char *__dpu_heap_start(void);
char *__dpu_heap_end(void);
#endif

// `size` bytes at a multiple of `align`, a power of two; a full heap is fault 1.
void *__dpu_heap_take(size_t size, size_t align);

// A lock held by the library. What it reads and writes meanwhile is its own.
static inline void __dpu_enter(unsigned lock) {
    __dpu_acquire(lock);
    __dpu_note(DPU_NOTE_LIBRARY, 0, 1);
}

static inline void __dpu_leave(unsigned lock) {
    __dpu_note(DPU_NOTE_LIBRARY, 0, 0);
    __dpu_clear(lock);
}
