// Operands and arguments that do not fit.
float dot_of(float4 a, float4 b) { return a.x * b.x + a.y * b.y; }

kernel void mix_up(global float4 *v, global int *n, float f) {
    v[0] = v[1] % v[2];
    n[0] = f & 3;
    n[1] = v[0];
    f = dot_of(v[0]);
    f = dot_of(v[0], n);
    float2 narrow = v[0];
    n[2] = n;
    v[f] = v[0];
    if (v[0]) n[0] = 1;
    struct { int a; } s = {1};
    n[3] = s + 1;
    f();
}
