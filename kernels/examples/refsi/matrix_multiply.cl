// c = a * b, square matrices of m rows; a work-item for each element.
kernel void matrix_multiply(global const float *a, global const float *b, global float *c,
                            ulong m) {
    uint n = (uint)m, column = get_global_id(0), row = get_global_id(1);
    float sum = 0;
    for (uint k = 0; k < n; k++)
        sum += a[row * n + k] * b[k * n + column];
    c[row * n + column] = sum;
}
