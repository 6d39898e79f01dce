// sin, cos, tan, sincos, sinpi, cospi, tanpi: OpenCL C 3.0, sections 6.15.2 and 7.5.1.
// In double, rounded once at the end.

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

#define ROUND 0x1.8p52 // added, it leaves an integer in the low bits
#define FOURS 0x1.8p54 // added, it leaves a multiple of 4

// 2/pi in pieces of 29 bits: a float's product with each is exact.
#define TWO_OVER_PI_0 0x145f306dp-29
#define TWO_OVER_PI_1 0x19391054p-58
#define TWO_OVER_PI_2 0x14fe13abp-87
#define TWO_OVER_PI_3 0x1d1f534dp-116
#define TWO_OVER_PI_4 0x1b81b6c5p-145
#define TWO_OVER_PI_5 0x5664f10p-174
#define TWO_OVER_PI_6 0x1c820ff2p-203

// sin(pi/2 r) / r of s = r*r, |r| <= 1/2; relative error 2**-37.7.
static double sin_rest(double s) {
    double p = 0x1.4bc251251aeebp-13;
    p = p * s + -0x1.32ca853aa5369p-8;
    p = p * s + 0x1.466bba8bcd0a7p-4;
    p = p * s + -0x1.4abbce564c909p-1;
    p = p * s + 0x1.921fb5443af62p+0;
    return p;
}

// cos(pi/2 r) of s = r*r, |r| <= 1/2; relative error 2**-43.8.
static double cos_rest(double s) {
    double p = -0x1.a0d8aa73a78c4p-16;
    p = p * s + 0x1.e1e7612946a6dp-11;
    p = p * s + -0x1.55d3b97257a1ep-6;
    p = p * s + 0x1.03c1f073cd3d1p-2;
    p = p * s + -0x1.3bd3cc9bd098ep+0;
    p = p * s + 0x1.ffffffffffdb1p-1;
    return p;
}

typedef struct {
    double sine, cosine; // of the angle without its quarter turns
    long quarters;       // these, modulo 4
} Angle;

// Of quarter turns, the nearest integer of them taken off.
static Angle angle(double r, double quarters) {
    double s = r * r;
    Angle a = {r * sin_rest(s), cos_rest(s), as_long(quarters + ROUND)};
    return a;
}

// A product's quarter turns beyond whole turns.
static double part(double x, double piece) {
    double turns = x * piece;
    return fma(-4.0, rint(turns * 0.25), turns);
}

// Likewise of a product below 2**50, in fewer steps.
static double small_part(double x, double piece) {
    double turns = x * piece, whole = turns + FOURS;
    return turns - (whole - FOURS);
}

// M. Payne and R. Hanek's reduction, for every float alike: of the product with 2/pi what is a
// multiple of 4 goes, piece by piece, and so no rounding comes before the digits that matter.
static Angle radians_of(float given) {
    double x = (double)given;
    double p0 = part(x, TWO_OVER_PI_0), p1 = part(x, TWO_OVER_PI_1), p2 = part(x, TWO_OVER_PI_2);
    double p3 = small_part(x, TWO_OVER_PI_3), p4 = small_part(x, TWO_OVER_PI_4);
    double p5 = x * TWO_OVER_PI_5, p6 = x * TWO_OVER_PI_6;
    double quarters = p0 + p1 + p2 + p3 + p4 + p5 + p6 + ROUND - ROUND;
    return angle(p0 - quarters + p1 + p2 + p3 + p4 + p5 + p6, quarters);
}

static Angle half_turns_of(double x) {
    double quarters = rint(2 * x);
    return angle(2 * x - quarters, fma(-4.0, rint(quarters * 0.25), quarters));
}

static double sine(Angle a) {
    double v = a.quarters & 1 ? a.cosine : a.sine;
    return a.quarters & 2 ? -v : v;
}

static double cosine(Angle a) {
    double v = a.quarters & 1 ? a.sine : a.cosine;
    return (a.quarters + 1) & 2 ? -v : v;
}

static double tangent(Angle a) {
    return (a.quarters & 1 ? -a.cosine : a.sine) / (a.quarters & 1 ? a.sine : a.cosine);
}

// Of a zero its sign is kept: the reduction loses it.
float __kcc_fn_sin_float(float x) {
    float v = (float)sine(radians_of(x));
    return x == 0 ? x : v;
}

float __kcc_fn_cos_float(float x) {
    return (float)cosine(radians_of(x));
}

float __kcc_fn_tan_float(float x) {
    float v = (float)tangent(radians_of(x));
    return x == 0 ? x : v;
}

float __kcc_fn_sincos_float(float x, float *cosine_of_x) {
    Angle a = radians_of(x);
    *cosine_of_x = (float)cosine(a);
    float v = (float)sine(a);
    return x == 0 ? x : v;
}

// The reflections of tgamma and lgamma need it.
double __kcc_fn_wide_sinpi(double x) {
    return sine(half_turns_of(x));
}

// sinpi(n) is a zero of n's sign; cospi(n + 1/2) is +0.
float __kcc_fn_sinpi_float(float x) {
    float v = (float)sine(half_turns_of((double)x));
    return x == rint(x) ? copysign(x - x, x) : v;
}

float __kcc_fn_cospi_float(float x) {
    return (float)cosine(half_turns_of((double)x)) + 0.0f;
}

// tanpi of an even n is a zero of n's sign, of an odd one of the other; of n + 1/2 it is infinite,
// above 0 for an even n.
float __kcc_fn_tanpi_float(float x) {
    Angle a = half_turns_of((double)x);
    float zero = a.quarters & 2 ? copysign(0.0f, -x) : copysign(0.0f, x);
    float pole = a.quarters & 2 ? -INFINITY : INFINITY;
    float v = (float)tangent(a);
    return a.sine != 0 ? v : a.quarters & 1 ? pole : zero;
}

half __kcc_fn_sincos_half(half x, half *cosine_of_x) {
    float c, s = __kcc_fn_sincos_float((float)x, &c);
    *cosine_of_x = (half)c;
    return (half)s;
}

// Of a float's 24 bits, a half shows 11: errors of some ULP are none.
float __kcc_fn_near_sin_float(float x);
float __kcc_fn_near_cos_float(float x);
float __kcc_fn_near_tan_float(float x);

#define BY_FLOAT(f, member)                                                                        \
    half __kcc_fn_##f##_half(half x) {                                                             \
        return (half)__kcc_fn_##member##_float((float)x);                                          \
    }

BY_FLOAT(sin, near_sin)
BY_FLOAT(cos, near_cos)
BY_FLOAT(tan, near_tan)
BY_FLOAT(sinpi, sinpi)
BY_FLOAT(cospi, cospi)
BY_FLOAT(tanpi, tanpi)
