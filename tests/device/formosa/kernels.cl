// What the tests of this folder run, in one program.

kernel void add(global const int *a, global const int *b, global int *c) {
    size_t i = get_global_id(0);
    c[i] = a[i] + b[i];
}

// Arguments as kernels find them.
kernel void mixed(global int *a, int n, local float *l, double d, char c, short4 s) {
    a[0] = n, a[1] = (int)d, a[2] = c, a[3] = s.w;
    l[get_local_id(0)] = s.x;
    a[4] = l[get_local_id(0)];
}
kernel void vector(global float *a, float4 v) { vstore4(v, 0, a); }
kernel void wide(global double *a, double8 v) { vstore8(v, 0, a); }
kernel void locals(global ulong *out, local char *p, local float4 *q, local void *r) {
    local char c[3];
    local float4 t[2];
    c[get_local_id(0) % 3] = 1, t[1] = (float4)(2);
    out[0] = (ulong)c, out[1] = (ulong)t, out[2] = (ulong)p, out[3] = (ulong)q, out[4] = (ulong)r;
    out[5] = (ulong)(c[0] + (int)t[1].x);
}
kernel void own(global ulong *out) {
    local char c[3];
    local float4 t[2];
    c[get_local_id(0) % 3] = 1, t[0] = (float4)(2);
    out[0] = (ulong)t - (ulong)c + (ulong)(c[0] - 1) + (ulong)(t[0].x - 2);
}

// All that a work-item can ask of its place, for item (1, 1, 1) of each group in the order of ids.
kernel void places(global ulong *out) {
    if (get_local_id(0) != 1 || get_local_id(1) != 1 || get_local_id(2) != 1)
        return;
    size_t n = (get_group_id(2) * get_num_groups(1) + get_group_id(1)) * get_num_groups(0);
    global ulong *row = out + (n + get_group_id(0)) * 32;
    *row++ = get_work_dim();
    for (uint d = 0; d < 4; d++) {
        *row++ = get_global_id(d), *row++ = get_local_id(d), *row++ = get_group_id(d);
        *row++ = get_global_offset(d), *row++ = get_global_size(d), *row++ = get_local_size(d);
        *row++ = get_num_groups(d);
    }
}

// The order in which groups begin, and how a group's items meet.
kernel void order(global uint *next, global uint *out) {
    uint n = atomic_inc(next);
    out[n] = get_group_id(0) << 8 | get_group_id(1) << 4 | get_group_id(2);
}
kernel void reverse(global int *data, local int *tile) {
    size_t i = get_local_id(0), n = get_local_size(0);
    tile[i] = data[get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    data[get_global_id(0)] = tile[n - 1 - i];
}

// What goes wrong.
kernel void fault(global int *out, uint bad) {
    if (get_group_id(0) == bad)
        *(volatile global int *)(bad * 4) = 1;
    out[get_group_id(0)] = 1;
}
kernel void spin(global volatile int *out) {
    while (!out[0])
        ;
}
kernel void deep(global int *out, uint n) {
    volatile int big[1 << 20];
    big[n] = 1;
    out[0] = big[0];
}
kernel void overrun(local volatile int *tile, uint at) { tile[at] = 1; }
kernel void talk(uint n) {
    for (uint i = 0; i < n; i++)
        printf("group %u says %u\n", (uint)get_group_id(0), i);
}
__attribute__((reqd_work_group_size(4, 1, 1))) kernel void four(global int *out) {
    out[get_global_id(0)] = 4;
}

// Variables live as long as their program, and hold addresses that the loader has moved.
global int total = 5;
global int table[4] = {1, 2, 3, 4};
global int *global where[2] = {table + 2, &total};
kernel void count(global int *out) {
    total += *where[0];
    out[0] = *where[1];
}
