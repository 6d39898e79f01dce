// A heap with free() and realloc(): blocks of 32 to 4096 bytes, powers of two, at multiples of 8.
#pragma once

#include <stddef.h>

// Takes a heap of `size` bytes, a power of two, from that of mem_alloc(). Only the first call has
// an effect. errno: EINVAL for other sizes.
void buddy_init(size_t size);

// errno, where the result is null: EINVAL for a size of 0 or above the maximum, ENOMEM.
void *buddy_alloc(size_t size);

// A pointer into a block frees the block. errno: EINVAL for others, and most blocks that are free.
void buddy_free(void *block);

// As realloc(): the contents stay, up to the smaller size; a null result leaves the block alone.
// A size of 0 frees it. errno: as of buddy_alloc(), and EINVAL where no block begins.
void *buddy_realloc(void *block, size_t size);

// Makes all blocks free.
void buddy_reset(void);
