// acos, asin, atan, atan2 and their -pi forms of doubles: OpenCL C 3.0, sections 6.15.2 and 7.5.1.

#define PI 0x1.921fb54442d18p+1
#define PI_LOW 0x1.1a62633145c07p-53 // what is above PI
#define ONE_OVER_PI 0x1.45f306dc9c883p-2

// (atan(t) / t - 1) / s of s = t*t, |t| <= 1; relative error 2**-53.0.
static double atan_tail(double s) {
    double p = -0x1.946b43ee3473cp-17;
    p = p * s + 0x1.23aee28f3e632p-13;
    p = p * s + -0x1.8f949909bef1ap-11;
    p = p * s + 0x1.5ba6632b5e3fap-9;
    p = p * s + -0x1.b2b7e7c2c8be4p-8;
    p = p * s + 0x1.a4afc9e2381e6p-7;
    p = p * s + -0x1.4d095ae96fc99p-6;
    p = p * s + 0x1.c4dd6db8d4615p-6;
    p = p * s + -0x1.14dcc881c84a5p-5;
    p = p * s + 0x1.3d6fdd685fd25p-5;
    p = p * s + -0x1.60febfed43434p-5;
    p = p * s + 0x1.85502db7cf123p-5;
    p = p * s + -0x1.af020cff5fe82p-5;
    p = p * s + 0x1.e1dc478808c1ap-5;
    p = p * s + -0x1.1110c397dd391p-4;
    p = p * s + 0x1.3b13ab48b2cc4p-4;
    p = p * s + -0x1.745d16f76d735p-4;
    p = p * s + 0x1.c71c71c4a12aep-4;
    p = p * s + -0x1.249249248cf0fp-3;
    p = p * s + 0x1.9999999999907p-3;
    p = p * s + -0x1.5555555555555p-2;
    return p;
}

// The angle of the point (x, y).
static double angle(double y, double x) {
    double a = fabs(y), b = fabs(x);
    bool far = a == INFINITY && b == INFINITY;
    a = far ? 1 : a;
    b = far ? 1 : b;
    bool steep = a > b;
    double high = steep ? a : b, low = steep ? b : a;
    double t = low / (high == 0 ? 1 : high), s = t * t;
    double v = fma(t * s, atan_tail(s), t);
    v = steep ? PI / 2 - (v - PI_LOW / 2) : v;
    v = signbit(x) ? PI - (v - PI_LOW) : v;
    return copysign(v, y);
}

// The other side of a right-angled triangle whose longest is 1.
static double other_side(double x) {
    return sqrt((1 - x) * (1 + x));
}

#define ARCS(SUFFIX, UNIT)                                                                         \
    double __kcc_fn_atan2##SUFFIX##_double(double y, double x) {                                   \
        return angle(y, x) * UNIT;                                                                 \
    }                                                                                              \
                                                                                                   \
    double __kcc_fn_atan##SUFFIX##_double(double x) {                                              \
        return angle(x, 1) * UNIT;                                                                 \
    }                                                                                              \
                                                                                                   \
    double __kcc_fn_asin##SUFFIX##_double(double x) {                                              \
        return angle(x, other_side(x)) * UNIT;                                                     \
    }                                                                                              \
                                                                                                   \
    double __kcc_fn_acos##SUFFIX##_double(double x) {                                              \
        return angle(other_side(x), x) * UNIT;                                                     \
    }

ARCS(, 1)
ARCS(pi, ONE_OVER_PI)
