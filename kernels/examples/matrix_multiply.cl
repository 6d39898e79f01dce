// c (m x n) = a (m x k) * b (k x n), row major; item (x, y) makes c[y][x].
kernel void matrix_multiply(global const float *a, global const float *b, global float *c,
                            uint m, uint n, uint k) {
    uint column = get_global_id(0);
    uint row = get_global_id(1);
    if (row >= m || column >= n)
        return;
    float sum = 0.0f;
    for (uint i = 0; i < k; i++)
        sum += a[row * k + i] * b[i * n + column];
    c[row * n + column] = sum;
}
