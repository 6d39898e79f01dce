// Two parts with a barrier in between: all of a group do the first before any does the second.
kernel void barrier_print(void) {
    int i = get_global_id(0);
    printf("Kernel part A (tid = %d)\n", i);
    barrier(CLK_LOCAL_MEM_FENCE);
    printf("Kernel part B (tid = %d)\n", i);
}
