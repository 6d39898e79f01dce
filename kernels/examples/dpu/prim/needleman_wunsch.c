// Needleman and Wunsch's alignment of two sequences: a score is the best of those above and to the
// left less a gap, and of the one above to the left with what its two letters are worth. A launch
// fills one square of 64 by 64 scores; the host has all squares of an anti-diagonal filled at once,
// one a DPU. Here it is the same with tiles of 8 by 8 and tasklets, a barrier after each
// anti-diagonal.
// MRAM: 64 letters down, 64 across; the 64 scores left of the square, and the 64 above (int32); the
// square.
#include "prim.h"

enum { SIDE = 64, TILE = 8, TILES = SIDE / TILE };
enum { DOWN = 0, ACROSS = DOWN + SIDE, LEFT = ACROSS + SIDE, ABOVE = LEFT + 4 * SIDE };
enum { SQUARE = ABOVE + 4 * SIDE };

__host struct {
    int32_t active, corner; // corner: the score above the square and left of it
    int32_t match, mismatch, gap;
} DPU_INPUT_ARGUMENTS;

static uint32_t square_at(uint32_t row, uint32_t column) {
    return SQUARE + (row * SIDE + column) * sizeof(int32_t);
}

// A score anywhere: transfers are of two.
static int32_t score_at(uint32_t offset) {
    __dma_aligned int32_t pair[2];
    mram_read(mram_at(offset & ~7u), pair, sizeof pair);
    return pair[offset / sizeof *pair % 2];
}

static int32_t corner_of(uint32_t row, uint32_t column) {
    if (row && column)
        return score_at(square_at(row - 1, column - 1));
    if (row)
        return score_at(LEFT + (row - 1) * sizeof(int32_t));
    if (column)
        return score_at(ABOVE + (column - 1) * sizeof(int32_t));
    return DPU_INPUT_ARGUMENTS.corner;
}

static int32_t most(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static void fill(uint32_t row, uint32_t column) {
    __dma_aligned char down[TILE], across[TILE];
    __dma_aligned int32_t scores[TILE]; // of the row above, then of this one
    mram_read(mram_at(DOWN + row), down, sizeof down);
    mram_read(mram_at(ACROSS + column), across, sizeof across);
    mram_read(mram_at(row ? square_at(row - 1, column) : ABOVE + column * sizeof *scores), scores,
              sizeof scores);
    int32_t diagonal = corner_of(row, column);
    for (uint32_t i = 0; i < TILE; i++) {
        const uint32_t place =
            column ? square_at(row + i, column - 1) : LEFT + (row + i) * sizeof *scores;
        const int32_t before = score_at(place);
        int32_t left = before;
        for (uint32_t j = 0; j < TILE; j++) {
            const int32_t worth = down[i] == across[j] ? DPU_INPUT_ARGUMENTS.match
                                                       : DPU_INPUT_ARGUMENTS.mismatch;
            const int32_t gapped = most(left, scores[j]) - DPU_INPUT_ARGUMENTS.gap;
            const int32_t aligned = diagonal + worth;
            diagonal = scores[j];
            scores[j] = left = most(gapped, aligned);
        }
        diagonal = before;
        mram_write(scores, mram_at(square_at(row + i, column)), sizeof scores);
    }
}

int main(void) {
    prologue();
    if (!DPU_INPUT_ARGUMENTS.active)
        return 0;
    for (uint32_t diagonal = 0; diagonal < 2 * TILES - 1; diagonal++) {
        for (uint32_t i = me(); i < TILES; i += NR_TASKLETS)
            if (diagonal >= i && diagonal - i < TILES)
                fill(i * TILE, (diagonal - i) * TILE);
        barrier_wait(&everybody);
    }
    return 0;
}
