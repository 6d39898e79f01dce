// exp, exp2, exp10, expm1, sinh, cosh, tanh: OpenCL C 3.0, sections 6.15.2 and 7.5.1.
// What a float's functions compute in double needs no care for cancellation, subnormal numbers or
// overflow on the way: it is rounded once, at the end.

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

#define LOG2_E 0x1.71547652b82fep+0
#define LOG2_10 0x1.a934f0979a371p+1
#define ROUND 0x1.8p52 // added, it leaves an integer in the low bits

// (2**r - 1) / r, |r| <= 1/2; relative error 2**-37.7.
static double exp2_rest(double r) {
    double p = 0x1.62c00266094f1p-20;
    p = p * r + 0x1.00c08180a99f7p-16;
    p = p * r + 0x1.43099b5dadf72p-13;
    p = p * r + 0x1.5d87762d42dc4p-10;
    p = p * r + 0x1.3b2ab6a0d7823p-7;
    p = p * r + 0x1.c6b08da69d025p-5;
    p = p * r + 0x1.ebfbdff85f4f3p-3;
    p = p * r + 0x1.62e42fef9cdf7p-1;
    return p;
}

// 2**x is scale * (1 + what is returned), with scale = 2**n of the nearest integer n. Beyond what
// the functions of a float tell apart, x is as its limit.
static double split(double x, double *scale) {
    x = x > 400 ? 400 : x;
    x = x < -400 ? -400 : x;
    double whole = x + ROUND;
    double r = x - (whole - ROUND);
    *scale = as_double((as_long(whole) << 52) + as_long(1.0));
    return r * exp2_rest(r);
}

// What pow and erfc end with, too.
double __kcc_fn_wide_exp2(double x) {
    double scale, rest = split(x, &scale);
    return fma(scale, rest, scale);
}

// Near 0, where n = 0, nothing cancels.
static double wide_expm1(double x) {
    double scale, rest = split(x * LOG2_E, &scale);
    return fma(scale, rest, scale - 1);
}

float __kcc_fn_exp_float(float x) {
    return (float)__kcc_fn_wide_exp2(x * LOG2_E);
}

float __kcc_fn_exp2_float(float x) {
    return (float)__kcc_fn_wide_exp2((double)x);
}

float __kcc_fn_exp10_float(float x) {
    return (float)__kcc_fn_wide_exp2(x * LOG2_10);
}

float __kcc_fn_expm1_float(float x) {
    float v = (float)wide_expm1((double)x);
    return x == 0 ? x : v;
}

float __kcc_fn_sinh_float(float x) {
    double e = wide_expm1(fabs((double)x));
    return copysign((float)((e + e / (e + 1)) * 0.5), x);
}

float __kcc_fn_cosh_float(float x) {
    double e = __kcc_fn_wide_exp2(fabs((double)x) * LOG2_E);
    return (float)((e + 1 / e) * 0.5);
}

float __kcc_fn_tanh_float(float x) {
    double e = wide_expm1(fabs((double)x) * 2);
    return copysign((float)(e / (e + 2)), x);
}

// Of a float's 24 bits, a half shows 11: errors of some ULP are none.
float __kcc_fn_near_exp_float(float x);
float __kcc_fn_near_exp2_float(float x);
float __kcc_fn_near_exp10_float(float x);

#define BY_FLOAT(f, member)                                                                        \
    half __kcc_fn_##f##_half(half x) {                                                             \
        return (half)__kcc_fn_##member##_float((float)x);                                          \
    }

BY_FLOAT(exp, near_exp)
BY_FLOAT(exp2, near_exp2)
BY_FLOAT(exp10, near_exp10)
BY_FLOAT(expm1, expm1)
BY_FLOAT(sinh, sinh)
BY_FLOAT(cosh, cosh)
BY_FLOAT(tanh, tanh)
