// One sum for each work-item.
kernel void vector_add(global const uint *src1, global const uint *src2, global uint *dst) {
    size_t i = get_global_id(0);
    dst[i] = src1[i] + src2[i];
}
