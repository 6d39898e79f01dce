// Rows of a matrix of int32 times a vector, both in MRAM and of any length: matrix_vector.c, mlp.c.
#ifndef ROWS_H
#define ROWS_H

#include "prim.h"

static int32_t dot(const int32_t *a, const int32_t *b, uint32_t count) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

// `bytes` of each; the buffers in WRAM hold BLOCK bytes.
static int32_t dot_mram(__mram_ptr uint8_t *row, __mram_ptr uint8_t *vector, uint32_t bytes,
                        int32_t *row_buffer, int32_t *vector_buffer) {
    int32_t sum = 0;
    for (uint32_t at = 0; at < bytes; at += BLOCK) {
        const uint32_t size = least(BLOCK, bytes - at);
        mram_read(row + at, row_buffer, size);
        mram_read(vector + at, vector_buffer, size);
        sum += dot(row_buffer, vector_buffer, size / sizeof(int32_t));
    }
    return sum;
}

#endif
