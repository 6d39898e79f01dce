// dst = src, four bytes an item.
kernel void copy(global const uint *src, global uint *dst) {
    size_t i = get_global_id(0);
    dst[i] = src[i];
}
