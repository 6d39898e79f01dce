// dst (width x height) = src (height x width), turned over its diagonal.
kernel void transpose(global const float *src, global float *dst, uint width, uint height) {
    uint x = get_global_id(0);
    uint y = get_global_id(1);
    if (x < width && y < height)
        dst[x * height + y] = src[y * width + x];
}
