// The heap of a DPU program, handed out from its start on; see also the allocators it holds.
#pragma once

#include <buddy_alloc.h>
#include <fsb_allocator.h>
#include <stddef.h>

// `size` bytes at a multiple of 8, their contents undefined. A full heap ends the run (fault 1).
// A size of 0 takes nothing: the result is the end of the last block.
void *mem_alloc(size_t size);

// Makes all of the heap free again, and returns its start. What came out of it is no more:
// blocks, block allocators, the buddy heap, caches of sequential readers.
void *mem_reset(void);
