// What native_ and half_ forms are: exp, exp2, exp10, log, log2, log10, sin, cos, tan, powr of a
// float, in float alone. OpenCL C 3.0, sections 6.15.2 and 7.4: errors below 8192 ULP.

#define LOG2_E 0x1.715476p+0f
#define LOG2_10 0x1.a934f0p+1f
#define LN_2 0x1.62e430p-1f
#define LOG10_2 0x1.344136p-2f
#define TWO_OVER_PI 0x1.45f306p-1f
#define ROUND 0x1.8p23f // added, it leaves an integer in the low bits

#define HALF_PI_0 0x1.921fb4p+0f
#define HALF_PI_1 0x1.4442d0p-24f
#define HALF_PI_2 0x1.846988p-48f

// (2**r - 1) / r, |r| <= 1/2; relative error 2**-21.0.
static float exp2_near(float r) {
    float p = 0x1.5d87f2p-10f;
    p = p * r + 0x1.3cbe5ap-7f;
    p = p * r + 0x1.c6b26cp-5f;
    p = p * r + 0x1.ebfa4ep-3f;
    p = p * r + 0x1.62e42ep-1f;
    return p;
}

// log2(1 + f) / f, sqrt(1/2) - 1 <= f <= sqrt(2) - 1; relative error 2**-22.1.
static float log2_near(float f) {
    float p = -0x1.2a9fbcp-3f;
    p = p * f + 0x1.df51dcp-3f;
    p = p * f + -0x1.fdb31cp-3f;
    p = p * f + 0x1.25fd30p-2f;
    p = p * f + -0x1.70e2aap-2f;
    p = p * f + 0x1.ec7724p-2f;
    p = p * f + -0x1.715528p-1f;
    p = p * f + 0x1.715474p+0f;
    return p;
}

// (sin(r) / r - 1) / s of s = r*r, |r| <= pi/4; relative error 2**-22.7.
static float sin_near(float s) {
    float p = -0x1.9ac6d8p-13f;
    p = p * s + 0x1.110c22p-7f;
    p = p * s + -0x1.555552p-3f;
    return p;
}

// (cos(r) - 1) / s of s = r*r, |r| <= pi/4; relative error 2**-21.3.
static float cos_near(float s) {
    float p = -0x1.6618dcp-10f;
    p = p * s + 0x1.554a34p-5f;
    p = p * s + -0x1.fffff4p-2f;
    return p;
}

float __kcc_fn_near_exp2_float(float given) {
    float x = given > 128 ? 128 : given;
    x = x < -180 ? -180 : x;
    bool tiny = x < -126;
    x = tiny ? x + 64 : x;
    float whole = x + ROUND, r = x - (whole - ROUND);
    float v = as_float(as_int(1 + r * exp2_near(r)) + (as_int(whole) << 23));
    return tiny ? v * 0x1p-64f : v;
}

float __kcc_fn_near_exp_float(float x) {
    return __kcc_fn_near_exp2_float(x * LOG2_E);
}

float __kcc_fn_near_exp10_float(float x) {
    return __kcc_fn_near_exp2_float(x * LOG2_10);
}

float __kcc_fn_near_log2_float(float x) {
    bool tiny = x < 0x1p-126f;
    int bits = as_int(tiny ? x * 0x1p24f : x), e = (bits - as_int(0x1.6a09e6p-1f)) >> 23;
    float f = as_float(bits - (e << 23)) - 1;
    float v = (float)(e - (tiny ? 24 : 0)) + f * log2_near(f);
    v = x == INFINITY ? x : v;
    v = x >= 0 ? v : NAN;
    return x == 0 ? -INFINITY : v;
}

float __kcc_fn_near_log_float(float x) {
    return __kcc_fn_near_log2_float(x) * LN_2;
}

float __kcc_fn_near_log10_float(float x) {
    return __kcc_fn_near_log2_float(x) * LOG10_2;
}

// Its limits are those of the product of an infinity or 0.
float __kcc_fn_near_powr_float(float x, float y) {
    return __kcc_fn_near_exp2_float(y * __kcc_fn_near_log2_float(x));
}

typedef struct {
    float sine, cosine; // of the angle without its quarter turns
    int quarters;       // these, modulo 4
} Angle;

// By W. Cody and W. Waite's reduction: from -2**16 to 2**16, where half_ forms have a limit, errors
// are few ULP; they grow from there on, and beyond 2**22 every angle is 0.
static Angle angle(float given) {
    float x = fabs(given) > 0x1p22f ? given * 0 : given; // NaN of an infinity
    float whole = fma(x, TWO_OVER_PI, ROUND), n = whole - ROUND;
    float r = fma(-n, HALF_PI_2, fma(-n, HALF_PI_1, fma(-n, HALF_PI_0, x))), s = r * r;
    Angle a = {r * fma(s, sin_near(s), 1), fma(s, cos_near(s), 1), as_int(whole)};
    return a;
}

float __kcc_fn_near_sin_float(float x) {
    Angle a = angle(x);
    float v = a.quarters & 1 ? a.cosine : a.sine;
    return as_float(as_int(v) ^ (a.quarters & 2) << 30);
}

float __kcc_fn_near_cos_float(float x) {
    Angle a = angle(x);
    float v = a.quarters & 1 ? a.sine : a.cosine;
    return as_float(as_int(v) ^ (a.quarters + 1 & 2) << 30);
}

float __kcc_fn_near_tan_float(float x) {
    Angle a = angle(x);
    return (a.quarters & 1 ? -a.cosine : a.sine) / (a.quarters & 1 ? a.sine : a.cosine);
}
