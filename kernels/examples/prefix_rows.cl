// Running sums along each row; one work-item takes one row.
kernel void prefix_rows(global const int *src, global int *dst, uint width, uint rows) {
    uint row = get_global_id(0);
    if (row >= rows)
        return;
    int sum = 0;
    for (uint x = 0; x < width; x++) {
        sum += src[row * width + x];
        dst[row * width + x] = sum;
    }
}
