// Locks that are one bit each.
//
// On a DPU a bit is one of the hardware's, and the address of its variable, which takes no
// memory, says which: there are 56 for a program. Elsewhere it is a word of memory.
#pragma once

#include <dpu_primitives.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __dpu__
typedef uint8_t __atomic_bit_t;
#define __atomic_bit __attribute__((used, section(".bss.atomic")))
#define __ATOMIC_BIT_NUMBER(bit) ((unsigned)(uintptr_t)(bit) & 255)
#define __atomic_bit_acquire(bit) __dpu_acquire(__ATOMIC_BIT_NUMBER(bit))
#define __atomic_bit_try(bit) (!__dpu_tas(__ATOMIC_BIT_NUMBER(bit)))
#define __atomic_bit_release(bit) __dpu_clear(__ATOMIC_BIT_NUMBER(bit))
#else
#if defined(__OPENCL_C_VERSION__) && __OPENCL_C_VERSION__ < 200
#error "locks, barriers and semaphores are variables of a program: this needs -cl-std=CL2.0 or CL3.0"
#endif
typedef uint32_t __atomic_bit_t;
#define __atomic_bit
void __atomic_bit_acquire(__atomic_bit_t *bit) __attribute__((blocking));
bool __atomic_bit_try(__atomic_bit_t *bit);
void __atomic_bit_release(__atomic_bit_t *bit);
#endif

#define ATOMIC_BIT_GET(name) __atomic_bit_##name
#define ATOMIC_BIT_INIT(name) __atomic_bit_t __atomic_bit ATOMIC_BIT_GET(name)
#define ATOMIC_BIT_EXTERN(name) extern __atomic_bit_t ATOMIC_BIT_GET(name)
#define ATOMIC_BIT_ACQUIRE(name) __atomic_bit_acquire(&ATOMIC_BIT_GET(name))
#define ATOMIC_BIT_RELEASE(name) __atomic_bit_release(&ATOMIC_BIT_GET(name))
