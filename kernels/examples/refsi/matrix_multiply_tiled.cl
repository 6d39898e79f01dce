// c = a * b, square matrices of m rows. The work-items of a group, TS by TS, bring a tile of each
// into local memory, wait for each other, and use it TS times.
#ifndef TS
#define TS 4
#endif

kernel void __attribute__((reqd_work_group_size(TS, TS, 1)))
matrix_multiply_tiled(global const float *a, global const float *b, global float *c, ulong m) {
    local float tile_a[TS][TS], tile_b[TS][TS];
    uint n = (uint)m, x = get_local_id(0), y = get_local_id(1);
    uint column = get_global_id(0), row = get_global_id(1);
    float sum = 0;
    for (uint first = 0; first < n; first += TS) {
        tile_a[y][x] = a[row * n + first + x];
        tile_b[y][x] = b[(first + y) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint k = 0; k < TS; k++)
            sum += tile_a[y][k] * tile_b[k][x];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}
