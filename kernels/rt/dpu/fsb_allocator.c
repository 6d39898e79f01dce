// Blocks of one size. The free ones are a list through their own first words; the word behind the
// last block holds the list's head, and the address of that word is the allocator's handle.
#include "state.h"

#include <fsb_allocator.h>

#define MAX_BLOCK 0xfffffff8u

fsb_allocator_t fsb_alloc(unsigned block_size, unsigned nb_of_blocks) {
    if (block_size > MAX_BLOCK)
        __dpu_fault(DPU_FAULT_HEAP_FULL);
    size_t size = block_size ? ((size_t)block_size + 7) & ~(size_t)7 : 8;
    size_t area = size * nb_of_blocks;
    // No heap holds 2^32 blocks of this size: the product of the two fits in any case.
    char *first = __dpu_heap_take(area + sizeof(void *), 8);
    void **head = (void **)(first + area);
    void *next = 0;
    __dpu_enter(__DPU_LOCK_FSB);
    for (char *block = (char *)head; block != first; next = block) {
        block -= size;
        *(void **)block = next;
    }
    *head = next;
    __dpu_leave(__DPU_LOCK_FSB);
    __dpu_note(DPU_NOTE_FSB_NEW, first, area);
    __dpu_note(DPU_NOTE_FSB_SIZE, head, size);
    return head;
}

void *fsb_get(fsb_allocator_t allocator) {
    __dpu_enter(__DPU_LOCK_FSB);
    void **block = *allocator;
    if (block)
        *allocator = *block;
    __dpu_leave(__DPU_LOCK_FSB);
    if (block)
        __dpu_note(DPU_NOTE_FSB_GET, block, (unsigned long)allocator);
    return block;
}

void fsb_free(fsb_allocator_t allocator, void *block) {
    __dpu_note(DPU_NOTE_FSB_FREE, block, (unsigned long)allocator);
    __dpu_enter(__DPU_LOCK_FSB);
    *(void **)block = *allocator;
    *allocator = block;
    __dpu_leave(__DPU_LOCK_FSB);
}
