// Sparse matrix (compressed rows) times vector, float: y = A x. Row starts and entries are read in
// order, by sequential readers; what is needed of x lies anywhere, and is fetched by 8 bytes.
// MRAM: rows + 1 starts, uint32, of entries counted from this DPU's first; the entries; x; y.
#include "prim.h"
#include <seqread.h>

__host struct {
    uint32_t rows; // an even number
    uint32_t entries, x, y; // where these begin
} DPU_INPUT_ARGUMENTS;

struct entry {
    uint32_t column;
    float value;
};

static float element(__mram_ptr uint8_t *x, uint32_t index) {
    __dma_aligned float pair[2];
    mram_read(x + index / 2 * sizeof pair, pair, sizeof pair);
    return pair[index % 2];
}

int main(void) {
    prologue();
    const uint32_t rows = DPU_INPUT_ARGUMENTS.rows;
    __mram_ptr uint8_t *x = mram_at(DPU_INPUT_ARGUMENTS.x), *y = mram_at(DPU_INPUT_ARGUMENTS.y);
    // Neighbouring rows, as even in number as they can be in pairs.
    const uint32_t pairs = rows / 2, first = me() * pairs / NR_TASKLETS * 2;
    const uint32_t last = (me() + 1) * pairs / NR_TASKLETS * 2;
    if (first == last)
        return 0;

    seqreader_t start_reader, entry_reader;
    uint32_t *start =
        seqread_init(seqread_alloc(), mram_at(first * sizeof *start), &start_reader);
    uint32_t at = *start;
    const uint32_t place = DPU_INPUT_ARGUMENTS.entries + at * sizeof(struct entry);
    struct entry *entry = seqread_init(seqread_alloc(), mram_at(place), &entry_reader);
    __dma_aligned float sums[2];
    for (uint32_t row = first; row < last; row++) {
        start = seqread_get(start, sizeof *start, &start_reader);
        float sum = 0;
        for (; at < *start; at++) {
            sum += entry->value * element(x, entry->column);
            entry = seqread_get(entry, sizeof *entry, &entry_reader);
        }
        sums[row % 2] = sum;
        if (row % 2)
            mram_write(sums, y + row / 2 * sizeof sums, sizeof sums);
    }
    return 0;
}
