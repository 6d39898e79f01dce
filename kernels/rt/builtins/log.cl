// log, log2, log10, log1p, asinh, acosh, atanh: OpenCL C 3.0, sections 6.15.2 and 7.5.1.
// In double, rounded once at the end.

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

#define LN_2 0x1.62e42fefa39efp-1
#define LOG2_E 0x1.71547652b82fep+0
#define LOG10_2 0x1.34413509f79ffp-2
#define LOG10_E 0x1.bcb7b1526e50ep-2

// log((1 + t) / (1 - t)) / t of s = t*t, |t| <= (sqrt(2) - 1)**2; relative error 2**-45.1.
static double log_rest(double s) {
    double p = 0x1.9198130d3d019p-3;
    p = p * s + 0x1.c6208ce15faaep-3;
    p = p * s + 0x1.249439603081ep-2;
    p = p * s + 0x1.99999628a673dp-2;
    p = p * s + 0x1.5555555672debp-1;
    p = p * s + 0x1.fffffffffff10p+0;
    return p;
}

// d = 2**exponent * (1 + f), with f between sqrt(1/2) - 1 and sqrt(2) - 1; log(1 + f).
static double split(double d, double *exponent) {
    long e = (as_long(d) - as_long(0x1.6a09e667f3bcdp-1)) >> 52;
    double f = as_double(as_long(d) - (e << 52)) - 1;
    double t = f / (2 + f);
    *exponent = (double)(int)e;
    return t * log_rest(t * t);
}

static double at_the_ends(double d, double logarithm) {
    logarithm = d == INFINITY ? INFINITY : logarithm;
    logarithm = d >= 0 ? logarithm : NAN;
    return d == 0 ? -INFINITY : logarithm;
}

// log2 of a number that is above 0 and finite, and not subnormal: what pow begins with.
double __kcc_fn_wide_log2(double d) {
    double exponent, rest = split(d, &exponent);
    return exponent + rest * LOG2_E;
}

// What lgamma is made of; of every double but subnormal ones.
double __kcc_fn_wide_log(double d) {
    double exponent, rest = split(d, &exponent);
    return at_the_ends(d, exponent * LN_2 + rest);
}

// Of a number that rounds to 1 when 1 is added, it is the number.
static double wide_log1p(double x) {
    double d = 1 + x, exponent, far = split(d, &exponent);
    double t = x / (2 + x);
    double near = t * log_rest(t * t);
    return at_the_ends(d, exponent == 0 ? near : exponent * LN_2 + far);
}

float __kcc_fn_log_float(float x) {
    return (float)__kcc_fn_wide_log((double)x);
}

float __kcc_fn_log2_float(float x) {
    return (float)at_the_ends((double)x, __kcc_fn_wide_log2((double)x));
}

float __kcc_fn_log10_float(float x) {
    double exponent, rest = split((double)x, &exponent);
    return (float)at_the_ends((double)x, exponent * LOG10_2 + rest * LOG10_E);
}

float __kcc_fn_log1p_float(float x) {
    float v = (float)wide_log1p((double)x);
    return x == 0 ? x : v;
}

float __kcc_fn_asinh_float(float x) {
    double a = fabs((double)x), b = a > 0x1p200 ? 0x1p200 : a;
    double r = wide_log1p(b + b * b / (1 + sqrt(1 + b * b)));
    return copysign((float)(a > 0x1p200 ? a : r), x);
}

float __kcc_fn_acosh_float(float x) {
    double t = (double)x - 1;
    double v = wide_log1p(t + sqrt(t * (2 + t)));
    return (float)(t < 0 ? NAN : v);
}

float __kcc_fn_atanh_float(float x) {
    double a = fabs((double)x);
    return copysign((float)(0.5 * wide_log1p(2 * a / (1 - a))), x);
}

// Of a float's 24 bits, a half shows 11: errors of some ULP are none.
float __kcc_fn_near_log_float(float x);
float __kcc_fn_near_log2_float(float x);
float __kcc_fn_near_log10_float(float x);

#define BY_FLOAT(f, member)                                                                        \
    half __kcc_fn_##f##_half(half x) {                                                             \
        return (half)__kcc_fn_##member##_float((float)x);                                          \
    }

BY_FLOAT(log, near_log)
BY_FLOAT(log2, near_log2)
BY_FLOAT(log10, near_log10)
BY_FLOAT(log1p, log1p)
BY_FLOAT(asinh, asinh)
BY_FLOAT(acosh, acosh)
BY_FLOAT(atanh, atanh)
