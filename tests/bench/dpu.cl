// RefSi's side of dpu.c: a block in local memory, as often as asked for.
#define COUNT 512

void add_block(const int *a, int *b, unsigned count);
long sum_block(const long *values, unsigned count);

kernel void additions(global int *out, int repeats) {
    local int a[COUNT], b[COUNT];
    for (int i = 0; i < COUNT; i++)
        a[i] = b[i] = i;
    for (int i = 0; i < repeats; i++)
        add_block(a, b, COUNT);
    *out = b[1];
}

kernel void sums(global int *out, int repeats) {
    local long values[COUNT];
    long sum = 0;
    for (int i = 0; i < COUNT; i++)
        values[i] = i;
    for (int i = 0; i < repeats; i++) {
        values[i % COUNT] = i;
        sum += sum_block(values, COUNT);
    }
    *out = sum;
}
