// Tasklets that take blocks from the same allocators, write their number there, and look whether
// it stays.
#include <alloc.h>
#include <barrier.h>
#include <defs.h>
#include <stdint.h>
#include <string.h>

#define ROUNDS 100
#define HELD 4
#define FSB_SIZE 24
#define HEAP_SIZE 8192

BARRIER_INIT(ready, NR_TASKLETS);

__host uint32_t overwritten, refused;
static fsb_allocator_t shared;

static uint32_t below(uint32_t *seed, uint32_t limit) {
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % limit;
}

// Whether all of a block is as it was written.
static int is_mine(const uint8_t *block, unsigned size) {
    for (unsigned i = 0; i < size; i++)
        if (block[i] != me() + 1)
            return 0;
    return 1;
}

struct held {
    uint8_t *block;
    unsigned size;
    int is_buddy;
};

static void drop(struct held *held) {
    if (!held->block)
        return;
    if (!is_mine(held->block, held->size))
        overwritten++;
    if (held->is_buddy)
        buddy_free(held->block);
    else
        fsb_free(shared, held->block);
    held->block = NULL;
}

int main(void) {
    struct held held[HELD] = {{NULL, 0, 0}};
    uint32_t seed = me(), taken = 0;
    if (me() == 0) {
        mem_reset();
        buddy_init(HEAP_SIZE);
        shared = fsb_alloc(FSB_SIZE, NR_TASKLETS);
    }
    barrier_wait(&ready);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct held *next = &held[below(&seed, HELD)];
        drop(next);
        next->is_buddy = below(&seed, 2);
        next->size = next->is_buddy ? 1 + below(&seed, 300) : FSB_SIZE;
        next->block = next->is_buddy ? buddy_alloc(next->size) : fsb_get(shared);
        if (!next->block)
            continue;
        memset(next->block, me() + 1, next->size);
        taken++;
    }
    for (unsigned i = 0; i < HELD; i++)
        drop(&held[i]);
    uint8_t *last = mem_alloc(below(&seed, 40) + 1);
    *last = me() + 1;
    barrier_wait(&ready);
    if (*last != me() + 1)
        overwritten++;
    if (me() == 0 && !buddy_alloc(4096))
        refused++;
    return taken;
}
