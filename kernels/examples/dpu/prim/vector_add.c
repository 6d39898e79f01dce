// Vector addition of int32: c = a + b. The pattern of all the programs here, and nothing else.
// MRAM: a, b and c, each of `capacity` bytes, of which `bytes` are to be added.
#include "prim.h"

__host struct {
    uint32_t bytes, capacity;
} DPU_INPUT_ARGUMENTS;

static void add(const int32_t *a, int32_t *b, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        b[i] += a[i];
}

int main(void) {
    prologue();
    const uint32_t bytes = DPU_INPUT_ARGUMENTS.bytes, capacity = DPU_INPUT_ARGUMENTS.capacity;
    int32_t *a = mem_alloc(BLOCK), *b = mem_alloc(BLOCK);
    for (uint32_t at = me() * BLOCK; at < bytes; at += NR_TASKLETS * BLOCK) {
        const uint32_t size = least(BLOCK, bytes - at);
        mram_read(mram_at(at), a, size);
        mram_read(mram_at(capacity + at), b, size);
        add(a, b, size / sizeof(int32_t));
        mram_write(b, mram_at(2 * capacity + at), size);
    }
    return 0;
}
