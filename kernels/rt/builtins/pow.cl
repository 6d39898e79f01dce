// pow, powr, pown, rootn, cbrt, hypot: OpenCL C 3.0, sections 6.15.2 and 7.5.1.
// In double, rounded once at the end.

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

double __kcc_fn_wide_exp2(double x);
double __kcc_fn_wide_log2(double d);

// a**y of 0 <= a; where a or y is 0 or infinite, by the limits of a and y; 1 of y = 0 or a = 1.
static double power(double a, double y) {
    double b = a > 0x1p200 ? 0x1p200 : a < 0x1p-200 ? 0x1p-200 : a;
    double e = y > 0x1p200 ? 0x1p200 : y < -0x1p200 ? -0x1p200 : y;
    double v = __kcc_fn_wide_exp2(e * __kcc_fn_wide_log2(b));
    double grown = y > 0 ? INFINITY : 0, shrunk = y > 0 ? 0 : INFINITY;
    v = a == INFINITY ? grown : v;
    v = a == 0 ? shrunk : v;
    v = isnan(a) || isnan(y) ? NAN : v;
    return a == 1 || y == 0 ? 1 : v;
}

float __kcc_fn_pow_float(float x, float y) {
    float above_even = fabs(fma(-2.0f, rint(0.5f * y), y));
    double v = power(fabs((double)x), (double)y);
    bool whole = above_even == 0 || above_even == 1 || isinf(y);
    v = x < 0 && x >= -FLT_MAX && !whole ? NAN : v;
    return (float)(above_even == 1 ? copysign(v, (double)x) : v);
}

// An infinity or 0 where the logarithm is; NaN of NaN; else something finite that is not 0.
static double log_sign(float x) {
    double d = (double)x, v = d - 1;
    return d == 0 ? -INFINITY : v;
}

float __kcc_fn_powr_float(float x, float y) {
    double v = power((double)fabs(x), (double)y);
    double unclear = log_sign(x) * y; // 0 times infinity, or of what is no number
    v = isnan(unclear) ? NAN : v;
    return (float)(x < 0 ? NAN : v);
}

float __kcc_fn_pown_float(float x, int n) {
    double v = power(fabs((double)x), (double)n);
    return (float)(n & 1 ? copysign(v, (double)x) : v);
}

float __kcc_fn_rootn_float(float x, int n) {
    double v = power(fabs((double)x), 1 / (double)n);
    v = x < 0 && !(n & 1) || n == 0 || isnan(x) ? NAN : v;
    return (float)(n & 1 ? copysign(v, (double)x) : v);
}

// E. Halley's iteration, which triples the digits that are right.
static double better_root(double r, double a) {
    double cube = r * r * r;
    return r * ((cube + 2 * a) / (2 * cube + a));
}

// The first guess is a third of the number's bits, exponent and fraction: within 4%.
float __kcc_fn_cbrt_float(float x) {
    double a = fabs((double)x);
    double r = as_double((long)((ulong)as_long(a) / 3) + 0x2a9f7893782da1ceL);
    r = better_root(better_root(r, a), a);
    float v = copysign((float)r, x);
    v = a == 0 ? x : v;
    return a < INFINITY ? v : x;
}

float __kcc_fn_hypot_float(float x, float y) {
    double a = (double)x, b = (double)y, v = sqrt(a * a + b * b);
    return isinf(x) || isinf(y) ? INFINITY : (float)v;
}

half __kcc_fn_pow_half(half x, half y) {
    return (half)__kcc_fn_pow_float((float)x, (float)y);
}

// Of a float's 24 bits, a half shows 11: errors of some ULP are none.
float __kcc_fn_near_powr_float(float x, float y);

half __kcc_fn_powr_half(half x, half y) {
    return (half)__kcc_fn_near_powr_float((float)x, (float)y);
}

half __kcc_fn_pown_half(half x, int n) {
    return (half)__kcc_fn_pown_float((float)x, n);
}

half __kcc_fn_rootn_half(half x, int n) {
    return (half)__kcc_fn_rootn_float((float)x, n);
}

half __kcc_fn_cbrt_half(half x) {
    return (half)__kcc_fn_cbrt_float((float)x);
}

half __kcc_fn_hypot_half(half x, half y) {
    return (half)__kcc_fn_hypot_float((float)x, (float)y);
}
