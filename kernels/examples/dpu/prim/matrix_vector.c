// Matrix times vector, int32: y = A x, each DPU with rows of its own and all of x. A tasklet takes
// two rows at a time, since MRAM is written by 8 bytes. Rows and columns are even in number.
// MRAM: A by rows, x, y.
#include "rows.h"

__host struct {
    uint32_t rows, columns;
} DPU_INPUT_ARGUMENTS;

int main(void) {
    prologue();
    const uint32_t rows = DPU_INPUT_ARGUMENTS.rows;
    const uint32_t row_bytes = DPU_INPUT_ARGUMENTS.columns * sizeof(int32_t);
    __mram_ptr uint8_t *a = mram_at(0), *x = a + rows * row_bytes, *y = x + row_bytes;
    int32_t *row_buffer = mem_alloc(BLOCK), *x_buffer = mem_alloc(BLOCK);
    int32_t *pair = mem_alloc(2 * sizeof *pair);
    for (uint32_t row = 2 * me(); row < rows; row += 2 * NR_TASKLETS) {
        for (uint32_t i = 0; i < 2; i++)
            pair[i] = dot_mram(a + (row + i) * row_bytes, x, row_bytes, row_buffer, x_buffer);
        mram_write(pair, y + row * sizeof *pair, 2 * sizeof *pair);
    }
    return 0;
}
