// erf, erfc: OpenCL C 3.0, section 6.15.2. In double, rounded once at the end.

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

#define LOG2_E 0x1.71547652b82fep+0

double __kcc_fn_wide_exp2(double x);

// erf(x) / x of s = x*x, |x| <= 1; relative error 2**-40.1.
static double erf_rest(double s) {
    double p = 0x1.1b8c1c33f2fd1p-20;
    p = p * s + -0x1.d25cdd93e0e53p-17;
    p = p * s + 0x1.f56be039add41p-14;
    p = p * s + -0x1.bfdf582e086c6p-11;
    p = p * s + 0x1.56586cce8dcbdp-8;
    p = p * s + -0x1.b82cb8f112e36p-6;
    p = p * s + 0x1.ce2f209747112p-4;
    p = p * s + -0x1.812746adb1f4bp-2;
    p = p * s + 0x1.20dd750428b20p+0;
    return p;
}

// (1 + 2x) exp(x*x) erfc(x) of t = (x - 3) / (x + 3), 0 <= x <= 10.5; relative error 2**-41.4.
static double erfc_rest(double t) {
    double p = 0x1.ec82850fe190fp-23;
    p = p * t + -0x1.130a1ba5525f7p-18;
    p = p * t + -0x1.3d877aec5a0b5p-16;
    p = p * t + 0x1.1c73f5b22c8efp-17;
    p = p * t + 0x1.07f77477968f0p-13;
    p = p * t + -0x1.bec7ea5f9e90cp-14;
    p = p * t + -0x1.9928a209e46e2p-11;
    p = p * t + 0x1.ef2c8dc5ae0bbp-10;
    p = p * t + 0x1.4b8d050ca7699p-9;
    p = p * t + -0x1.8574dbdf1e052p-6;
    p = p * t + 0x1.17ca2455c0a96p-4;
    p = p * t + -0x1.e88b7ffbb04a4p-4;
    p = p * t + 0x1.098366be1274ap-3;
    p = p * t + -0x1.85a15c5ac4f96p-5;
    p = p * t + -0x1.15c084bbf0367p-3;
    p = p * t + 0x1.40c522d7e4a9fp+0;
    return p;
}

// erfc(x) of 0 <= x; beyond 10.5 it is too small for a float.
static double tail(double x) {
    x = x > 10.5 ? 10.5 : x;
    return __kcc_fn_wide_exp2(-x * x * LOG2_E) * erfc_rest((x - 3) / (x + 3)) / (1 + 2 * x);
}

float __kcc_fn_erf_float(float x) {
    double a = fabs((double)x);
    double near = (double)x * erf_rest(a * a), far = copysign(1 - tail(a), (double)x);
    return (float)(a < 1 ? near : far);
}

float __kcc_fn_erfc_float(float x) {
    double v = tail(fabs((double)x));
    return (float)(x < 0 ? 2 - v : v);
}

half __kcc_fn_erf_half(half x) {
    return (half)__kcc_fn_erf_float((float)x);
}

half __kcc_fn_erfc_half(half x) {
    return (half)__kcc_fn_erfc_float((float)x);
}
