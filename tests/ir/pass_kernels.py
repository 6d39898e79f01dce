"""Kernels that tests of passes share."""

SUM = """
kernel void sum(global const int *in, global int *out, local int *scratch, short scale) {
    local int tile[4];
    tile[get_local_id(0)] = in[get_global_id(0)];
    scratch[0] = scale;
    out[get_group_id(0)] += tile[1] * scratch[0];
}
"""
TURNS = """
kernel void turns(global const int *in, global int *out, local int *tile, int n) {
    int me = get_local_id(0), sum = 0, last[2];
    last[me & 1] = me;
    for (int i = 0; i < n; i++) {
        tile[me] = in[i];
        barrier(1);
        sum += tile[me ^ 1];
    }
    out[me] = sum + last[0];
}
"""
