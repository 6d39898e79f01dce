// acos, asin, atan, atan2 and their -pi forms: OpenCL C 3.0, sections 6.15.2 and 7.5.1.
// In double, rounded once at the end.

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

#define PI 0x1.921fb54442d18p+1
#define ONE_OVER_PI 0x1.45f306dc9c883p-2

// atan(t) / t of s = t*t, |t| <= 1; relative error 2**-39.3.
static double atan_rest(double s) {
    double p = -0x1.20d59d6e05339p-12;
    p = p * s + 0x1.2310ac72aa81fp-9;
    p = p * s + -0x1.138dd92759042p-7;
    p = p * s + 0x1.4b466afe8d7bbp-6;
    p = p * s + -0x1.236cdd6c7bb07p-5;
    p = p * s + 0x1.9f2d6145c40b9p-5;
    p = p * s + -0x1.05387bd2e5565p-4;
    p = p * s + 0x1.380a62fc0345ep-4;
    p = p * s + -0x1.73d2aed7f31d8p-4;
    p = p * s + 0x1.c70c38f16f0b6p-4;
    p = p * s + -0x1.2491b5b970d39p-3;
    p = p * s + 0x1.9999941841873p-3;
    p = p * s + -0x1.5555554ae8b3dp-2;
    p = p * s + 0x1.fffffffffcb6bp-1;
    return p;
}

// The angle of the point (x, y). Infinity is as far as anything a float can tell from it.
static double angle(double y, double x) {
    double a = fabs(y), b = fabs(x);
    a = a > 0x1p300 ? 0x1p300 : a;
    b = b > 0x1p300 ? 0x1p300 : b;
    bool steep = a > b;
    double high = steep ? a : b, low = steep ? b : a;
    double t = low / (high == 0 ? 1 : high);
    double v = t * atan_rest(t * t);
    v = steep ? PI / 2 - v : v;
    v = signbit(x) ? PI - v : v;
    return copysign(v, y);
}

// The other side of a right-angled triangle whose longest is 1.
static double other_side(double x) {
    return sqrt((1 - x) * (1 + x));
}

#define ARCS(SUFFIX, UNIT)                                                                         \
    float __kcc_fn_atan2##SUFFIX##_float(float y, float x) {                                       \
        return (float)(angle((double)y, (double)x) * UNIT);                                        \
    }                                                                                              \
                                                                                                   \
    float __kcc_fn_atan##SUFFIX##_float(float x) {                                                 \
        return (float)(angle((double)x, 1.0) * UNIT);                                              \
    }                                                                                              \
                                                                                                   \
    float __kcc_fn_asin##SUFFIX##_float(float x) {                                                 \
        return (float)(angle((double)x, other_side((double)x)) * UNIT);                            \
    }                                                                                              \
                                                                                                   \
    float __kcc_fn_acos##SUFFIX##_float(float x) {                                                 \
        return (float)(angle(other_side((double)x), (double)x) * UNIT);                            \
    }                                                                                              \
                                                                                                   \
    half __kcc_fn_atan2##SUFFIX##_half(half y, half x) {                                           \
        return (half)__kcc_fn_atan2##SUFFIX##_float((float)y, (float)x);                           \
    }                                                                                              \
                                                                                                   \
    half __kcc_fn_atan##SUFFIX##_half(half x) {                                                    \
        return (half)__kcc_fn_atan##SUFFIX##_float((float)x);                                      \
    }                                                                                              \
                                                                                                   \
    half __kcc_fn_asin##SUFFIX##_half(half x) {                                                    \
        return (half)__kcc_fn_asin##SUFFIX##_float((float)x);                                      \
    }                                                                                              \
                                                                                                   \
    half __kcc_fn_acos##SUFFIX##_half(half x) {                                                    \
        return (half)__kcc_fn_acos##SUFFIX##_float((float)x);                                      \
    }

ARCS(, 1.0)
ARCS(pi, ONE_OVER_PI)
