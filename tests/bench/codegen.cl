// The kernels of codegen.py, each as textbooks have it. TILE and BINS are macros of codegen.py.

kernel void vector_add(global const float *a, global const float *b, global float *c) {
    size_t i = get_global_id(0);
    c[i] = a[i] + b[i];
}

kernel void saxpy(global const float *x, global float *y, float alpha, uint n) {
    size_t i = get_global_id(0);
    if (i < n)
        y[i] = alpha * x[i] + y[i];
}

kernel void sgemm(global const float *a, global const float *b, global float *c, uint n) {
    uint column = get_global_id(0), row = get_global_id(1);
    float sum = 0;
    for (uint i = 0; i < n; i++)
        sum += a[row * n + i] * b[i * n + column];
    c[row * n + column] = sum;
}

kernel void sgemm_tiled(global const float *a, global const float *b, global float *c, int n)
    __attribute__((reqd_work_group_size(TILE, TILE, 1))) {
    local float tile_a[TILE][TILE], tile_b[TILE][TILE];
    int x = get_local_id(0), y = get_local_id(1);
    int column = get_global_id(0), row = get_global_id(1);
    float sum = 0;
    for (int at = 0; at < n; at += TILE) {
        tile_a[y][x] = a[row * n + at + x];
        tile_b[y][x] = b[(at + y) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int i = 0; i < TILE; i++)
            sum += tile_a[y][i] * tile_b[i][x];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}

kernel void nbody(global const float *x, global const float *y, global const float *z,
                  global const float *mass, global float4 *force, uint n) {
    uint i = get_global_id(0);
    float sx = 0, sy = 0, sz = 0;
    for (uint j = 0; j < n; j++) {
        float dx = x[j] - x[i], dy = y[j] - y[i], dz = z[j] - z[i];
        float d2 = dx * dx + dy * dy + dz * dz + 1e-3f;
        float pull = mass[j] / (d2 * sqrt(d2));
        sx += dx * pull;
        sy += dy * pull;
        sz += dz * pull;
    }
    force[i] = (float4)(sx, sy, sz, 0);
}

// The picture has a border of two on each side.
kernel void blur(global const float *in, global float *out, constant float *weights, int pitch) {
    int x = get_global_id(0), y = get_global_id(1);
    float sum = 0;
    for (int j = 0; j < 5; j++)
        for (int i = 0; i < 5; i++)
            sum += weights[j * 5 + i] * in[(y + j) * pitch + x + i];
    out[y * get_global_size(0) + x] = sum;
}

kernel void mandelbrot(global uint *iterations, float step, uint limit) {
#pragma OPENCL FP_CONTRACT OFF
    uint px = get_global_id(0), py = get_global_id(1);
    float cx = -2.5f + px * step, cy = -1.25f + py * step;
    float x = 0, y = 0;
    uint i = 0;
    while (i < limit && x * x + y * y <= 4.0f) {
        float next = x * x - y * y + cx;
        y = 2.0f * x * y + cy;
        x = next;
        i++;
    }
    iterations[py * get_global_size(0) + px] = i;
}

kernel void reduction(global const float *in, global float *out) {
    local float tile[256];
    uint l = get_local_id(0);
    tile[l] = in[get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint half_way = get_local_size(0) / 2; half_way > 0; half_way /= 2) {
        if (l < half_way)
            tile[l] += tile[l + half_way];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (l == 0)
        out[get_group_id(0)] = tile[0];
}

kernel void transpose(global const float *in, global float *out)
    __attribute__((reqd_work_group_size(TILE, TILE, 1))) {
    local float tile[TILE][TILE + 1];
    uint x = get_local_id(0), y = get_local_id(1);
    tile[y][x] = in[get_global_id(1) * get_global_size(0) + get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    uint row = get_group_id(0) * TILE + y, column = get_group_id(1) * TILE + x;
    out[row * get_global_size(1) + column] = tile[x][y];
}

kernel void histogram(global const uchar *data, global uint *bins, uint per_item) {
    local uint counts[BINS];
    size_t l = get_local_id(0), items = get_local_size(0);
    for (size_t bin = l; bin < BINS; bin += items)
        counts[bin] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    size_t first = get_group_id(0) * items * per_item;
    for (uint i = 0; i < per_item; i++)
        atomic_inc(&counts[data[first + i * items + l]]);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (size_t bin = l; bin < BINS; bin += items)
        atomic_add(&bins[bin], counts[bin]);
}
