// Pointers into one memory where another is wanted.
float sum_of(float *values, int count) {
    float sum = 0.0f;
    for (int i = 0; i < count; i++) sum += values[i];
    return sum;
}

constant float table[4] = {1, 2, 3, 4};
float counter = 0.0f;

kernel void reduce(global float *in, global float *out, float *scratch) {
    local float partial[64] = {0};
    local float *p = in;
    out[0] = sum_of(in, 64);
    table[0] = 2.0f;
    partial[0] = *p;
}
