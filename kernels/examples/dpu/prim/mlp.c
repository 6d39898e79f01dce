// A layer of a multilayer perceptron, int32: y = max(0, W x), each DPU with neurons of its own. The
// weights of all layers stay in MRAM; a launch is one layer, and in between the host gives all the
// results to all. Neurons and inputs are even in number. MRAM: x and y, `capacity` bytes each, then
// the weights.
#include "rows.h"

__host struct {
    uint32_t neurons, inputs, capacity, weights; // weights: where the layer's begin
} DPU_INPUT_ARGUMENTS;

int main(void) {
    prologue();
    const uint32_t neurons = DPU_INPUT_ARGUMENTS.neurons;
    const uint32_t row_bytes = DPU_INPUT_ARGUMENTS.inputs * sizeof(int32_t);
    __mram_ptr uint8_t *x = mram_at(0), *y = mram_at(DPU_INPUT_ARGUMENTS.capacity);
    __mram_ptr uint8_t *weights = mram_at(DPU_INPUT_ARGUMENTS.weights);
    int32_t *row_buffer = mem_alloc(BLOCK), *x_buffer = mem_alloc(BLOCK);
    int32_t *pair = mem_alloc(2 * sizeof *pair);
    for (uint32_t row = 2 * me(); row < neurons; row += 2 * NR_TASKLETS) {
        for (uint32_t i = 0; i < 2; i++) {
            const int32_t sum =
                dot_mram(weights + (row + i) * row_bytes, x, row_bytes, row_buffer, x_buffer);
            pair[i] = sum > 0 ? sum : 0;
        }
        mram_write(pair, y + row * sizeof *pair, 2 * sizeof *pair);
    }
    return 0;
}
