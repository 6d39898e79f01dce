// Calls of allocators and of a sequential reader, one a step; pointers are numbers.
#include "script.h"

#include <alloc.h>
#include <errno.h>
#include <seqread.h>
#include <string.h>

// The reader's part of the library once more, its transfers counted.
static uint64_t transfers;

static void counted_ldma(const __mram_ptr void *from, void *to, unsigned size) {
    transfers++;
    __dpu_ldma(from, to, size);
}

#define __dpu_ldma counted_ldma
#include "../../../kernels/rt/dpu/seqread.c"
#undef __dpu_ldma

// The buddy allocator once more, of blocks from 16 bytes to the whole heap.
#define BUDDY_MIN_LOG2 4
#define BUDDY_MAX_LOG2 16
#define buddy_init fine_init
#define buddy_alloc fine_alloc
#define buddy_free fine_free
#define buddy_realloc fine_realloc
#define buddy_reset fine_reset
#include "../../../kernels/rt/dpu/buddy_alloc.c"
#undef buddy_init
#undef buddy_alloc
#undef buddy_free
#undef buddy_realloc
#undef buddy_reset

enum {
    MEM_ALLOC, MEM_RESET, FSB_ALLOC, FSB_GET, FSB_FREE,
    BUDDY_INIT, BUDDY_ALLOC, BUDDY_FREE, BUDDY_REALLOC, BUDDY_RESET,
    FINE_INIT, FINE_ALLOC, FINE_FREE, FINE_REALLOC, FINE_RESET,
    FILL, COUNT_EQUAL, LOAD,
    SEQREAD_ALLOC, SEQREAD_INIT, SEQREAD_GET, SEQREAD_SEEK, SEQREAD_TELL
};

static seqreader_t reader;
static char *place;

static uint64_t count_equal(const char *bytes, unsigned size) {
    unsigned count = 0;
    while (count < size && bytes[count] == bytes[0])
        count++;
    return count;
}

static void answer(struct step *step) {
    size_t size = step->first;
    void *block = (void *)step->first;
    __mram_ptr void *address = (__mram_ptr void *)step->first;
    uint64_t result = 0;
    errno = 0;
    switch (step->act) {
    case MEM_ALLOC: result = (uint64_t)mem_alloc(size); break;
    case MEM_RESET: result = (uint64_t)mem_reset(); break;
    case FSB_ALLOC: result = (uint64_t)fsb_alloc(size, step->second); break;
    case FSB_GET: result = (uint64_t)fsb_get(block); break;
    case FSB_FREE: fsb_free(block, (void *)step->second); break;
    case BUDDY_INIT: buddy_init(size); break;
    case BUDDY_ALLOC: result = (uint64_t)buddy_alloc(size); break;
    case BUDDY_FREE: buddy_free(block); break;
    case BUDDY_REALLOC: result = (uint64_t)buddy_realloc(block, step->second); break;
    case BUDDY_RESET: buddy_reset(); break;
    case FINE_INIT: fine_init(size); break;
    case FINE_ALLOC: result = (uint64_t)fine_alloc(size); break;
    case FINE_FREE: fine_free(block); break;
    case FINE_REALLOC: result = (uint64_t)fine_realloc(block, step->second); break;
    case FINE_RESET: fine_reset(); break;
    // Of a block of `second` bytes: they become 7; how many of them equal the first.
    case FILL: memset(block, 7, step->second); break;
    case COUNT_EQUAL: result = count_equal(block, step->second); break;
    case LOAD: result = *(uint64_t *)block; break;
    case SEQREAD_ALLOC: result = seqread_alloc(); break;
    case SEQREAD_INIT: place = seqread_init(step->second, address, &reader); break;
    case SEQREAD_GET: place = seqread_get(place, step->first, &reader); break;
    case SEQREAD_SEEK: place = seqread_seek(address, &reader); break;
    case SEQREAD_TELL: result = (uint64_t)seqread_tell(place, &reader); break;
    }
    // The reader: where its pointer is, what it points to, how many transfers there were.
    if (step->act >= SEQREAD_INIT) {
        step->first = (uint64_t)place;
        memcpy(&step->second, place, sizeof(step->second));
        step->more = transfers;
    }
    step->result = result;
    step->error = errno;
}
