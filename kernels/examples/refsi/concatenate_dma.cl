// dst = src1 ++ src2. Each work-item moves a block of either by asynchronous copies, through local
// memory: where there is a DMA engine, that moves them.
#define MAX_BLOCK 128

kernel void concatenate_dma(global const uint *src1, global const uint *src2, global uint *dst,
                            ulong block_size) {
    local uint blocks[2][MAX_BLOCK];
    size_t half_size = get_global_size(0) * block_size;
    for (size_t i = 0; i < get_local_size(0); i++) { // all of a group take part in its copies
        size_t first = (get_group_id(0) * get_local_size(0) + i) * block_size;
        event_t read = async_work_group_copy(blocks[0], src1 + first, block_size, 0);
        read = async_work_group_copy(blocks[1], src2 + first, block_size, read);
        wait_group_events(1, &read); // the second, and with it the first
        event_t written = async_work_group_copy(dst + first, blocks[0], block_size, 0);
        written = async_work_group_copy(dst + half_size + first, blocks[1], block_size, written);
        wait_group_events(1, &written);
    }
}
