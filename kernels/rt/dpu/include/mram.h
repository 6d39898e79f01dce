// Transfers between MRAM and WRAM. Each blocks the tasklet that asks for it, and no other.
#ifndef _DPU_MRAM_H
#define _DPU_MRAM_H

#include <attributes.h>
#include <dpu_primitives.h>

// What the compiler checks of constant arguments.
#define __dma_contract(name) __attribute__((dma_contract(name)))

#ifdef __dpu__
// The first byte behind the variables in MRAM, 8-aligned: from here to its end, MRAM is the
// program's to use.
extern __mram_ptr __dma_aligned unsigned char __sys_used_mram_end[];
#define DPU_MRAM_HEAP_POINTER ((__mram_ptr void *)__sys_used_mram_end)
#define DPU_MRAM_HEAP_POINTER_NAME "__sys_used_mram_end"
#endif

// One DMA. Both addresses are multiples of 8, and so is the size: 8 to 2048 bytes.
__dma_contract(words)
static inline void mram_read(const __mram_ptr void *from, void *to, unsigned nb_of_bytes) {
    __dpu_ldma(from, to, nb_of_bytes);
}

__dma_contract(words)
static inline void mram_write(const void *from, __mram_ptr void *to, unsigned nb_of_bytes) {
    __dpu_sdma(from, to, nb_of_bytes);
}

// Any address, any size. `buffer` is a multiple of 8 and has room for nb_of_bytes + 16; what was
// asked for begins where the result points.
__dma_contract(bytes_read)
void *mram_read_unaligned(const __mram_ptr void *from, void *buffer, unsigned nb_of_bytes);

// Any size; the two addresses agree modulo 8. Other bytes of the words at both ends are kept,
// whoever writes them by such a function too.
__dma_contract(bytes_write)
void mram_write_unaligned(const void *from, __mram_ptr void *dest, unsigned nb_of_bytes);

// Of two tasklets that change neighbours in one 8-byte word by plain assignments, one may lose
// its change. With these, none does.
__dma_contract(word32)
void mram_write_int_atomic(__mram_ptr int *dest, int value);
void mram_write_byte_atomic(__mram_ptr unsigned char *dest, unsigned char value);
void __mram_word_lock(const __mram_ptr void *word);
void __mram_word_unlock(const __mram_ptr void *word);

// update: called with the address of a copy of what `dest` holds, and with args.
#define mram_update_int_atomic(dest, update, args) \
    __mram_update_atomic(int, dest, update, args)
#define mram_update_byte_atomic(dest, update, args) \
    __mram_update_atomic(unsigned char, dest, update, args)
#define __mram_update_atomic(type, dest, update, args)    \
    do {                                                  \
        __mram_ptr type *__mram_update_dest = (dest);     \
        __mram_word_lock(__mram_update_dest);             \
        type __mram_update_value = *__mram_update_dest;   \
        update(&__mram_update_value, args);               \
        *__mram_update_dest = __mram_update_value;        \
        __mram_word_unlock(__mram_update_dest);           \
    } while (0)

#endif
