// Programs that do what a test says: steps in MRAM, each answered in its place.
#include <mram.h>
#include <stdint.h>

struct step {
    uint64_t act, first, second, result, error, more;
};

__host uint64_t steps;

static void answer(struct step *step); // the program's

int main(void) {
    __mram_ptr struct step *script = DPU_MRAM_HEAP_POINTER;
    for (uint64_t i = 0; i < steps; i++) {
        __dma_aligned struct step step;
        mram_read(script + i, &step, sizeof(step));
        answer(&step);
        mram_write(&step, script + i, sizeof(step));
    }
    return 0;
}
