// The sum of a work-group's numbers, which each of its work-items finds in local memory.
kernel void barrier_sum(global const uint *src, global uint *dst, local uint *tile) {
    size_t i = get_global_id(0), size = get_local_size(0);
    tile[get_local_id(0)] = src[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    uint sum = 0;
    for (size_t k = 0; k < size; k++)
        sum += tile[k];
    dst[i] = sum;
}
