// What the rest of the library is made of: the instructions and calls of the device, a function
// each. Programs use the headers over this one.
#pragma once

#include <attributes.h>

#ifdef __dpu__
#define __DPU_MAX_TASKLETS 24
#else
#define __DPU_MAX_TASKLETS 64
#endif

// The number of the tasklet: of the hart, on devices that have kernels.
unsigned me(void);
long __dpu_stack_left(void);

// One DMA: addresses and size are multiples of 8, the size at most 2048.
void __dpu_ldma(const __mram_ptr void *from, void *to, unsigned size);
void __dpu_sdma(const void *from, __mram_ptr void *to, unsigned size);

// Lock bits, 0 to 255. tas: the bit before it was set. acquire: set it as soon as it is clear.
int __dpu_tas(unsigned bit);
void __dpu_clear(unsigned bit);
void __dpu_acquire(unsigned bit) __attribute__((blocking));

// Sleep until resumed, not at all if that came first.
void __dpu_stop(void) __attribute__((blocking));
void __dpu_resume(unsigned tasklet);

// Of the whole device; 1 for cycles, 2 for instructions.
unsigned long __dpu_counter(unsigned which);

// The run ends for all.
void __dpu_fault(unsigned code) __attribute__((__noreturn__));

// Nothing but for those who check the run.
#ifdef __dpu__
void __dpu_note(unsigned kind, const void *addr, unsigned long size);
#else
#define __dpu_note(kind, addr, size) ((void)0)
#endif

// Codes of faults and kinds of notes: as ir/abi.py has them.
enum {
    DPU_FAULT_HEAP_FULL = 1,
    DPU_FAULT_DIVISION_BY_ZERO = 2,
    DPU_FAULT_ASSERTION = 3,
    DPU_FAULT_HALT = 4,
    DPU_FAULT_PRINTF_OVERFLOW = 5,
    DPU_FAULT_ALREADY_PROFILING = 6,
    DPU_FAULT_NOT_PROFILING = 7,
    DPU_FAULT_UNALIGNED_WRITE = 8,
};

enum {
    DPU_NOTE_HEAP_RESET = 1,
    DPU_NOTE_ALLOC = 2,
    DPU_NOTE_FSB_NEW = 3,
    DPU_NOTE_FSB_SIZE = 4,
    DPU_NOTE_FSB_GET = 5,
    DPU_NOTE_FSB_FREE = 6,
    DPU_NOTE_BUDDY_INIT = 7,
    DPU_NOTE_BUDDY_ALLOC = 8,
    DPU_NOTE_BUDDY_FREE = 9,
    DPU_NOTE_BUDDY_RESET = 10,
    DPU_NOTE_LIBRARY = 11,
    DPU_NOTE_BARRIER = 12,
    DPU_NOTE_INIT_RANGE = 13,
    DPU_NOTE_SEQREAD_INIT = 14,
    DPU_NOTE_SEQREAD_PAGE = 15,
    DPU_NOTE_SEQREAD_GET = 16,
};

// Lock bits of the library itself.
enum {
    __DPU_LOCK_HEAP = 0,
    __DPU_LOCK_FSB = 1,
    __DPU_LOCK_BUDDY = 2,
    __DPU_LOCK_PRINT = 3,
    __DPU_LOCK_HANDSHAKE = 4,
    __DPU_LOCK_POOL = 5,   // barriers and semaphores
    __DPU_LOCK_WORDS = 16, // and more, see __DPU_WORD_LOCKS
};
#define __DPU_WORD_LOCKS 64 // over the 8-byte words of bulk memory
