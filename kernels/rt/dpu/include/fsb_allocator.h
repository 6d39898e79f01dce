// Allocators of blocks of one size.
#pragma once

typedef void **fsb_allocator_t;

// Takes the memory for `nb_of_blocks` blocks from the heap, for good; their size is rounded up to a
// multiple of 8.
fsb_allocator_t fsb_alloc(unsigned block_size, unsigned nb_of_blocks);

// A block at a multiple of 8, its contents undefined; null where none is left. The block freed last
// comes first.
void *fsb_get(fsb_allocator_t allocator);

// `block` came from fsb_get() of this allocator, and is not free: nothing checks this.
void fsb_free(fsb_allocator_t allocator, void *block);
