// 5x5 binomial blur of a greyscale picture; pixels beyond the border repeat the nearest one.
constant int weights[5] = {1, 4, 6, 4, 1};

static int clamped(int v, int last) {
    return v < 0 ? 0 : v > last ? last : v;
}

kernel void blur(global const uchar *src, global uchar *dst, int width, int height) {
    int x = get_global_id(0);
    int y = get_global_id(1);
    if (x >= width || y >= height)
        return;
    int sum = 0;
    for (int dy = -2; dy <= 2; dy++) {
        int row = clamped(y + dy, height - 1) * width;
        for (int dx = -2; dx <= 2; dx++)
            sum += weights[dy + 2] * weights[dx + 2] * src[row + clamped(x + dx, width - 1)];
    }
    dst[y * width + x] = (uchar)((sum + 128) >> 8);
}
