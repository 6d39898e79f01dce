// What dpu.py times: inner loops of vector addition and of reduction, the same functions on a DPU,
// in WRAM, and called by kernels of dpu.cl on RefSi, in TCDM.
#define COUNT 512
#define APART __attribute__((noinline))

APART void add_block(const int *a, int *b, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        b[i] += a[i];
}

APART long sum_block(const long *values, unsigned count) {
    long sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

#ifdef __dpu__
#include <attributes.h>

__host struct {
    int additions, sums;
} repeats;

static int a[COUNT], b[COUNT];
static long values[COUNT];
volatile long result;

int main(void) {
    for (int i = 0; i < repeats.additions; i++)
        add_block(a, b, COUNT);
    for (int i = 0; i < repeats.sums; i++) {
        values[i % COUNT] = i; // or else one sum would do for all
        result = sum_block(values, COUNT);
    }
    return 0;
}
#endif
