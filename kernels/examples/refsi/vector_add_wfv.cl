// The same sums by code of one element, from which the compiler makes vector instructions, and
// by code that has them in its types: each work-item then does the work of FACTOR.
#ifndef FACTOR
#define FACTOR 16
#endif
#define CONCAT(a, b) a##b
#define VECTOR_(n) CONCAT(uint, n)
#define VLOAD_(n) CONCAT(vload, n)
#define VSTORE_(n) CONCAT(vstore, n)

kernel void vector_add(global const uint *src1, global const uint *src2, global uint *dst) {
    size_t i = get_global_id(0);
    if (i == 0)
        printf("Running kernel 'vector_add' (generic version). Total groups: %d\n",
               (int)get_num_groups(0));
    barrier(CLK_LOCAL_MEM_FENCE); // what follows is a loop of its own over work-items: sums alone
    dst[i] = src1[i] + src2[i];
}

kernel void vector_add_explicit(global const uint *src1, global const uint *src2,
                                global uint *dst) {
    size_t i = get_global_id(0);
    if (i == 0)
        printf("Running kernel 'vector_add' (vector version, factor %d). Total groups: %d\n",
               FACTOR, (int)get_num_groups(0));
    VECTOR_(FACTOR) sum = VLOAD_(FACTOR)(i, src1) + VLOAD_(FACTOR)(i, src2);
    VSTORE_(FACTOR)(sum, i, dst);
}
