// Calls of the allocators, one a step; pointers are numbers.
#include "script.h"

#include <alloc.h>
#include <errno.h>
#include <string.h>

enum {
    MEM_ALLOC, MEM_RESET, FSB_ALLOC, FSB_GET, FSB_FREE,
    BUDDY_INIT, BUDDY_ALLOC, BUDDY_FREE, BUDDY_REALLOC, BUDDY_RESET,
    FILL, COUNT_EQUAL, LOAD, STORE
};

static uint64_t count_equal(const char *bytes, unsigned size) {
    unsigned count = 0;
    while (count < size && bytes[count] == bytes[0])
        count++;
    return count;
}

static void take(struct step *step) {
    void *first = (void *)step->first;
    uint64_t result = 0;
    errno = 0;
    switch (step->act) {
    case MEM_ALLOC: result = (uint64_t)mem_alloc(step->first); break;
    case MEM_RESET: result = (uint64_t)mem_reset(); break;
    case FSB_ALLOC: result = (uint64_t)fsb_alloc(step->first, step->second); break;
    case FSB_GET: result = (uint64_t)fsb_get(first); break;
    case FSB_FREE: fsb_free(first, (void *)step->second); break;
    case BUDDY_INIT: buddy_init(step->first); break;
    case BUDDY_ALLOC: result = (uint64_t)buddy_alloc(step->first); break;
    case BUDDY_FREE: buddy_free(first); break;
    case BUDDY_REALLOC: result = (uint64_t)buddy_realloc(first, step->second); break;
    case BUDDY_RESET: buddy_reset(); break;
    // Of a block: its bytes become `more`; how many of them equal the first.
    case FILL: memset(first, step->more, step->second); break;
    case COUNT_EQUAL: result = count_equal(first, step->second); break;
    case LOAD: result = *(uint64_t *)first; break;
    case STORE: *(uint64_t *)first = step->second; break;
    }
    step->result = result;
    step->error = errno;
}
