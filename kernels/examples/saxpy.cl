// y = alpha * x + y. Items past n do nothing, so n need not be a multiple of the group size.
kernel void saxpy(global const float *x, global float *y, float alpha, uint n) {
    size_t i = get_global_id(0);
    if (i < n)
        y[i] = alpha * x[i] + y[i];
}
