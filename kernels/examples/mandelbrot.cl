// Iterations until |z| > 2, for a width x height picture of [-2.5, 1] x [-1.25, 1.25].
kernel void mandelbrot(global uint *iterations, uint width, uint height, uint limit) {
    uint px = get_global_id(0);
    uint py = get_global_id(1);
    if (px >= width || py >= height)
        return;
    const float cx = -2.5f + 3.5f * (float)px / (float)width;
    const float cy = -1.25f + 2.5f * (float)py / (float)height;
    float x = 0.0f, y = 0.0f;
    uint i = 0;
    while (i < limit && x * x + y * y <= 4.0f) {
        float next = x * x - y * y + cx;
        y = 2.0f * x * y + cy;
        x = next;
        i++;
    }
    iterations[py * width + px] = i;
}
