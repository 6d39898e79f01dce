// A blur in three steps: an image of WIDTH by HEIGHT is copied into one with a border of a pixel,
// which repeats the edge, and every pixel becomes the mean of the nine around it.
#define WIDTH 15
#define HEIGHT 12
#define STRIDE (WIDTH + 2)

// A work-item for each row.
kernel void copy_and_pad_hor_main(global const uint *src, global uint *padded) {
    size_t y = get_global_id(0);
    global uint *row = padded + (y + 1) * STRIDE;
    for (size_t x = 0; x < WIDTH; x++)
        row[x + 1] = src[y * WIDTH + x];
    row[0] = row[1];
    row[WIDTH + 1] = row[WIDTH];
}

// A work-item for each column.
kernel void pad_vert_main(global uint *padded) {
    size_t x = get_global_id(0);
    padded[x] = padded[STRIDE + x];
    padded[(HEIGHT + 1) * STRIDE + x] = padded[HEIGHT * STRIDE + x];
}

// A work-item for each pixel.
kernel void blur_main(global const uint *padded, global uint *dst) {
    size_t x = get_global_id(0), y = get_global_id(1);
    uint sum = 0;
    for (size_t dy = 0; dy < 3; dy++)
        for (size_t dx = 0; dx < 3; dx++)
            sum += padded[(y + dy) * STRIDE + x + dx];
    dst[y * WIDTH + x] = sum / 9;
}
