// tgamma, lgamma, lgamma_r: OpenCL C 3.0, section 6.15.2. In double, rounded once at the end.

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

#define PI 0x1.921fb54442d18p+1
#define LOG2_E 0x1.71547652b82fep+0

double __kcc_fn_wide_exp2(double x);
double __kcc_fn_wide_log2(double d);
double __kcc_fn_wide_log(double d);
double __kcc_fn_wide_sinpi(double x);

// exp(y) y**(1/2 - y) gamma(y) of u = 1/y, 1 <= y <= 45; relative error 2**-39.7.
static double gamma_rest(double u) {
    double p = -0x1.8d762f8f88cdep-14;
    p = p * u + 0x1.56213153a465bp-11;
    p = p * u + -0x1.02dec6250c0e4p-9;
    p = p * u + 0x1.b5de7ab41113cp-9;
    p = p * u + -0x1.95a3f9c5cf78cp-9;
    p = p * u + 0x1.51a6d2c9bc3d7p-11;
    p = p * u + 0x1.ec98bf341a4a3p-10;
    p = p * u + -0x1.28b86c2d83685p-11;
    p = p * u + -0x1.b880b9adcc142p-8;
    p = p * u + 0x1.1d32ce1d09521p-7;
    p = p * u + 0x1.abcc42cee6976p-3;
    p = p * u + 0x1.40d931ff5689fp+1;
    return p;
}

// lgamma(y) + y - (y - 1/2) log(y) of u = 1/y, 3 <= y; relative error 2**-38.8.
static double stirling_rest(double u) {
    double p = -0x1.a0cbffad89fcap-14;
    p = p * u + -0x1.479bfe9ad8258p-12;
    p = p * u + 0x1.cf6b5a4776ddfp-11;
    p = p * u + -0x1.d717eb022b967p-17;
    p = p * u + -0x1.6bef4a476098dp-9;
    p = p * u + -0x1.9e6f8edc77d36p-25;
    p = p * u + 0x1.5555558913248p-4;
    p = p * u + 0x1.d67f1c8647af2p-1;
    return p;
}

// lgamma(w + 3/2) / (w*w - 1/4), |w| <= 1/2; relative error 2**-41.2.
static double lgamma_rest(double w) {
    double p = 0x1.4f3a820b0a262p-13;
    p = p * w + -0x1.04202259c8fcap-12;
    p = p * w + 0x1.0356e1ae6099bp-12;
    p = p * w + -0x1.a9afe276df8e0p-12;
    p = p * w + 0x1.77d194ccb33a8p-11;
    p = p * w + -0x1.32e8dccd8cdc6p-10;
    p = p * w + 0x1.f7e9dac9022c2p-10;
    p = p * w + -0x1.a4ed03552da76p-9;
    p = p * w + 0x1.64f118bff4c97p-8;
    p = p * w + -0x1.34dc263635e8cp-7;
    p = p * w + 0x1.133421e6f9a9bp-6;
    p = p * w + -0x1.007aa7cadb677p-5;
    p = p * w + 0x1.01af62a3ac532p-4;
    p = p * w + -0x1.2aed059c0759cp-3;
    p = p * w + 0x1.eeb95b094bf54p-2;
    return p;
}

// By J. Stirling's formula of 1 + |x|: divided by x, or reflected by L. Euler's formula. Beyond
// 43 it overflows, or vanishes.
float __kcc_fn_tgamma_float(float x) {
    double a = fabs((double)x), y = 1 + (a > 43 ? 43 : a);
    double power = (y - 0.5) * __kcc_fn_wide_log2(y) - y * LOG2_E;
    double v = __kcc_fn_wide_exp2(power) * gamma_rest(1 / y);
    double left = -PI / (__kcc_fn_wide_sinpi(a) * v), right = v / (double)x;
    right = x > 43 ? INFINITY : right;
    left = x == rint(x) ? NAN : left;
    return (float)(x < 0 ? left : right);
}

// lgamma of x >= 0: by Stirling's formula from 3 on; below, lgamma between 1 and 2 and a logarithm.
static double lgamma_right(double x) {
    double y = x < 3 ? 3 : x;
    double base = x >= 2 && x < 3 ? x - 1 : x;
    double logarithm = __kcc_fn_wide_log(base);
    double far = (y - 0.5) * (logarithm - 1) + (stirling_rest(1 / y) - 0.5);
    double w = base + (x < 1 ? 1 : 0) - 1.5;
    w = w > 1 ? 1 : w;
    double near = (w * w - 0.25) * lgamma_rest(w);
    double step = x < 1 ? -logarithm : logarithm;
    step = x >= 1 && x < 2 ? 0 : step;
    far = x == INFINITY ? INFINITY : far;
    return x < 3 ? near + step : far;
}

float __kcc_fn_lgamma_r_float(float x, int *sign) {
    double a = fabs((double)x), right = lgamma_right(a);
    double below = a > 0x1p60 ? 0x1p60 : a; // an integer, too
    double left = __kcc_fn_wide_log(PI / fabs(below * __kcc_fn_wide_sinpi(below))) - right;
    left = x == rint(x) ? INFINITY : left;
    bool odd = floor(x * 0.5f) * 2 != floor(x);
    *sign = (x < 0 && odd) || (x == 0 && signbit(x)) ? -1 : 1;
    return (float)(x < 0 ? left : right);
}

float __kcc_fn_lgamma_float(float x) {
    int sign;
    return __kcc_fn_lgamma_r_float(x, &sign);
}

half __kcc_fn_tgamma_half(half x) {
    return (half)__kcc_fn_tgamma_float((float)x);
}

half __kcc_fn_lgamma_half(half x) {
    return (half)__kcc_fn_lgamma_float((float)x);
}

half __kcc_fn_lgamma_r_half(half x, int *sign) {
    return (half)__kcc_fn_lgamma_r_float((float)x, sign);
}
