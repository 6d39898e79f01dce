// Breadth-first search: a launch is one level. A DPU has the edges out of vertices of its own, and
// bitmaps of all: the frontier, which the host sends; who has been visited; the next frontier,
// which the host collects of all DPUs. Numbers of vertices are multiples of 64, so that a word of a
// bitmap is one DPU's.
// MRAM, each where the arguments say: count + 1 starts (uint32) of edges, the edges' ends (uint32),
// levels of the own vertices (uint32), frontier, visited, next.
#include "prim.h"
#include <mutex_pool.h>

#define LOCKS 16

MUTEX_POOL_INIT(locks, LOCKS);

__host struct {
    uint32_t vertices, first, count, level; // of all; the own ones; the frontier's distance
    uint32_t edges, levels, frontier, visited, next;
} DPU_INPUT_ARGUMENTS;

__host struct {
    uint64_t edges; // followed in this launch
} DPU_RESULTS[NR_TASKLETS];

enum { GROUP = 64, EDGES = 32 };

static __mram_ptr uint8_t *word_at(uint32_t bitmap, uint32_t word) {
    return mram_at(bitmap + word * sizeof(uint64_t));
}

static uint64_t word_of(uint32_t bitmap, uint32_t word) {
    __dma_aligned uint64_t bits;
    mram_read(word_at(bitmap, word), &bits, sizeof bits);
    return bits;
}

// What is in the frontier has been visited; nothing is in the next one yet.
static void begin(void) {
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.vertices / 8;
    uint64_t *frontier = mem_alloc(BLOCK / 2), *visited = mem_alloc(BLOCK / 2);
    for (uint32_t at = me() * (BLOCK / 2); at < bytes; at += NR_TASKLETS * (BLOCK / 2)) {
        const uint32_t size = least(BLOCK / 2, bytes - at);
        mram_read(mram_at(DPU_INPUT_ARGUMENTS.frontier + at), frontier, size);
        mram_read(mram_at(DPU_INPUT_ARGUMENTS.visited + at), visited, size);
        for (uint32_t i = 0; i < size / sizeof *visited; i++) {
            visited[i] |= frontier[i];
            frontier[i] = 0;
        }
        mram_write(visited, mram_at(DPU_INPUT_ARGUMENTS.visited + at), size);
        mram_write(frontier, mram_at(DPU_INPUT_ARGUMENTS.next + at), size);
    }
}

static void reach(uint32_t vertex) {
    const uint32_t word = vertex / 64;
    const uint64_t bit = (uint64_t)1 << vertex % 64;
    if (word_of(DPU_INPUT_ARGUMENTS.visited, word) & bit)
        return;
    mutex_pool_lock(&locks, word);
    __dma_aligned uint64_t bits = word_of(DPU_INPUT_ARGUMENTS.next, word) | bit;
    mram_write(&bits, word_at(DPU_INPUT_ARGUMENTS.next, word), sizeof bits);
    mutex_pool_unlock(&locks, word);
}

// Transfers are of whole 8 bytes: of two ends.
static void follow(uint32_t edge, uint32_t end, uint32_t *ends) {
    while (edge < end) {
        const uint32_t from = edge & ~1u, to = least(from + EDGES, end + (end & 1));
        mram_read(mram_at(DPU_INPUT_ARGUMENTS.edges + from * sizeof *ends), ends,
                  (to - from) * sizeof *ends);
        for (; edge < least(to, end); edge++)
            reach(ends[edge - from]);
    }
}

int main(void) {
    prologue();
    begin();
    barrier_wait(&everybody);
    uint32_t *starts = mem_alloc((GROUP + 2) * sizeof *starts);
    uint32_t *levels = mem_alloc(GROUP * sizeof *levels);
    uint32_t *ends = mem_alloc(EDGES * sizeof *ends);
    uint64_t edges = 0;
    for (uint32_t group = me(); group < DPU_INPUT_ARGUMENTS.count / GROUP; group += NR_TASKLETS) {
        const uint32_t word = DPU_INPUT_ARGUMENTS.first / GROUP + group;
        const uint64_t frontier = word_of(DPU_INPUT_ARGUMENTS.frontier, word);
        if (!frontier)
            continue;
        __mram_ptr uint8_t *own_levels =
            mram_at(DPU_INPUT_ARGUMENTS.levels + group * GROUP * sizeof *levels);
        mram_read(mram_at(group * GROUP * sizeof *starts), starts, (GROUP + 2) * sizeof *starts);
        mram_read(own_levels, levels, GROUP * sizeof *levels);
        for (uint32_t i = 0; i < GROUP; i++)
            if (frontier >> i & 1) {
                levels[i] = DPU_INPUT_ARGUMENTS.level;
                follow(starts[i], starts[i + 1], ends);
                edges += starts[i + 1] - starts[i];
            }
        mram_write(levels, own_levels, GROUP * sizeof *levels);
    }
    DPU_RESULTS[me()].edges = edges;
    return 0;
}
