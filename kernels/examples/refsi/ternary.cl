// A choice for each work-item, from scalar arguments.
kernel void ternary(global const int *in1, int bias, global int *out, int true_value,
                    int false_value) {
    size_t i = get_global_id(0);
    out[i] = (in1[i] ? true_value : false_value) + bias;
}
