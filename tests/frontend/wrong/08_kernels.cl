// What a kernel cannot be, take or give back.
struct holder { global int *inside; };

kernel int answer(global int *a) { return 42; }
kernel void take(bool flag, size_t count, struct holder h, int *p, global int **q) { }
static kernel void hidden(void) { }
kernel void main(global int *a) { }
__attribute__((reqd_work_group_size(8, 8))) kernel void sized(void) { }
__attribute__((reqd_work_group_size(8, 8, 0))) kernel void zeroed(void) { }
void helper(void) { local int shared[4]; shared[0] = 1; }
kernel void twice(global int *a) { }
kernel void twice(global int *a) { }
