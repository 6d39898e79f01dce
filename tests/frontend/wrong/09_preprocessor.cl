// Directives that are wrong, and a program that is wrong because of them.
#defin WIDTH 16
#define MAX(a, b) ((a) > (b) ? (a) : (b)
#if WIDTH > 8 &&
#endif
#ifdef
#endif
#elif 1
#pragma unroll many

kernel void fill(global int *a, int n) {
    a[0] = MAX(n, 3);
    a[1] = WIDTH;
    a[2] = MAX(1);
}
#error "this file is not finished"
#if 1
#include "no_such_file.h"
