// Mistakes that come out of macros and included files.
#include "05_macros.h"

kernel void energy(global float *out, global float *mass, global float4 *speed, int n) {
    int i = get_global_id(0);
    CHECK(i, n);
    out[i] = ENERGY(mass[i], sped[i]);
    out[i] = SQUARE(mass[i], 2);
    out[i] = ENERGY(&mass[i], 1.0f);
}
