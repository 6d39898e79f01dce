// sin, cos, tan, sincos, sinpi, cospi, tanpi of doubles: OpenCL C 3.0, sections 6.15.2 and 7.5.1.

#define PI 0x1.921fb54442d18p+1
#define PI_LOW 0x1.1a62633145c07p-53 // what is above PI
#define TWO_OVER_PI 0x1.45f306dc9c883p-1
#define ROUND 0x1.8p52 // added, it leaves an integer in the low bits

#define HALF_PI_0 0x1.921fb54400000p+0
#define HALF_PI_1 0x1.0b4611a400000p-34
#define HALF_PI_2 0x1.13198a2e00000p-65
#define HALF_PI_3 0x1.b839a252049c1p-104

static constant ulong two_over_pi[] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
    0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
    0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
    0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
};

// (sin(r) / r - 1) / s of s = r*r, |r| <= pi/4; relative error 2**-54.0.
static double sin_tail(double s) {
    double p = -0x1.ab16ed47c3313p-41;
    p = p * s + 0x1.61217d605e49cp-33;
    p = p * s + -0x1.ae64541074524p-26;
    p = p * s + 0x1.71de3a545f1a2p-19;
    p = p * s + -0x1.a01a01a01992ap-13;
    p = p * s + 0x1.1111111111110p-7;
    p = p * s + -0x1.5555555555555p-3;
    return p;
}

// (cos(r) - 1 + s/2) / (s*s) of s = r*r, |r| <= pi/4; relative error 2**-54.0.
static double cos_tail(double s) {
    double p = -0x1.907d070eabf04p-37;
    p = p * s + 0x1.1eeb67f80d467p-29;
    p = p * s + -0x1.27e4fa16d5963p-22;
    p = p * s + 0x1.a01a019f4dca7p-16;
    p = p * s + -0x1.6c16c16c16962p-10;
    p = p * s + 0x1.5555555555555p-5;
    return p;
}

typedef struct {
    double high, low; // radians, without the quarter turns
    long quarters;    // these, modulo 4
} Angle;

// a - b, and what is lost of it.
static double difference(double a, double b, double *lost) {
    double d = a - b, back = d - a;
    *lost = (a - (d - back)) - (b + back);
    return d;
}

// Of quarter turns high + low.
static Angle of_quarters(double high, double low, long quarters) {
    double r = high * (PI / 2);
    double lost = fma(high, PI / 2, -r) + (high * (PI_LOW / 2) + low * (PI / 2));
    Angle a = {r, lost, quarters};
    return a;
}

// W. Cody and W. Waite's reduction, for up to 2**20 quarter turns.
static Angle of_small(double x) {
    double n = x * TWO_OVER_PI + ROUND;
    long quarters = as_long(n);
    double lost_1, lost_2, lost_3;
    n -= ROUND;
    double high = difference(x - n * HALF_PI_0, n * HALF_PI_1, &lost_1);
    high = difference(high, n * HALF_PI_2, &lost_2);
    high = difference(high, n * HALF_PI_3 - (lost_1 + lost_2), &lost_3);
    Angle a = {high, lost_3, quarters};
    return a;
}

// mul_hi, in steps that there are for vectors.
static ulong product_high(ulong a, ulong b) {
    ulong a_high = a >> 32, a_low = a & 0xffffffff, b_high = b >> 32, b_low = b & 0xffffffff;
    ulong middle = a_high * b_low + (a_low * b_low >> 32);
    return a_high * b_high + (middle >> 32) + ((a_low * b_high + (middle & 0xffffffff)) >> 32);
}

// M. Payne and R. Hanek's: the fraction times those 192 bits of 2/pi that tell its quarter turn.
// Of an infinity or NaN, something.
static Angle of_large(double x) {
    ulong bits = as_ulong(x) & ~0UL >> 1;
    ulong fraction = (bits & ((1UL << 52) - 1)) | 1UL << 52;
    int from = (int)(bits >> 52) - 1075 - 2 + 64, word = max(from >> 6, 0), shift = from & 63;
    ulong w[4], bits_of[3];
    for (int k = 0; k < 4; k++)
        w[k] = two_over_pi[word + k];
    for (int k = 0; k < 3; k++)
        bits_of[k] = w[k] << shift | w[k + 1] >> 1 >> (63 - shift);
    ulong middle = product_high(fraction, bits_of[2]) + fraction * bits_of[1];
    ulong carry = middle < fraction * bits_of[1] ? 1 : 0;
    ulong top = product_high(fraction, bits_of[1]) + fraction * bits_of[0] + carry;
    long near = (long)(top << 2 | middle >> 62); // -1/2 to 1/2 in units of 2**-64
    long quarters = (long)((top + (1UL << 61)) >> 62);
    double a = (double)(near >> 32) * 0x1p-32, b = (double)(near & 0xffffffffL) * 0x1p-64;
    double c = (double)(middle << 2) * 0x1p-128;
    double lost, high = difference(a, -b, &lost), low;
    high = difference(high, -(lost + c), &low);
    double sign = copysign(1.0, x);
    return of_quarters(sign * high, sign * low, signbit(x) ? -quarters : quarters);
}

static Angle of_radians(double x) {
    Angle a;
    if (fabs(x) < 0x1p20) {
        a = of_small(x);
    } else {
        a = of_large(x);
        a.high = fabs(x) < INFINITY ? a.high : NAN;
    }
    return a;
}

// Great numbers are even.
static Angle of_half_turns(double x) {
    x = fabs(x) >= 0x1p60 && fabs(x) < INFINITY ? 0 : x;
    double quarters = rint(2 * x);
    double last = fma(-4.0, rint(quarters * 0.25), quarters);
    return of_quarters(2 * x - quarters, 0, as_long(last + ROUND));
}

static double sine_of_rest(Angle a) {
    double s = a.high * a.high;
    return a.high + fma(a.high * s, sin_tail(s), a.low * (1 - 0.5 * s));
}

static double cosine_of_rest(Angle a) {
    double s = a.high * a.high, near = 1 - 0.5 * s;
    return near + ((1 - near - 0.5 * s) + fma(s * s, cos_tail(s), -(a.high * a.low)));
}

static double sine(Angle a) {
    double v = a.quarters & 1 ? cosine_of_rest(a) : sine_of_rest(a);
    return a.quarters & 2 ? -v : v;
}

static double cosine(Angle a) {
    a.quarters++;
    return sine(a);
}

static double tangent(Angle a) {
    double s = sine_of_rest(a), c = cosine_of_rest(a);
    return a.quarters & 1 ? -c / s : s / c;
}

double __kcc_fn_sin_double(double x) {
    double v = sine(of_radians(x));
    return x == 0 ? x : v;
}

double __kcc_fn_cos_double(double x) {
    return cosine(of_radians(x));
}

double __kcc_fn_tan_double(double x) {
    double v = tangent(of_radians(x));
    return x == 0 ? x : v;
}

double __kcc_fn_sincos_double(double x, double *cosine_of_x) {
    Angle a = of_radians(x);
    double v = sine(a);
    *cosine_of_x = cosine(a);
    return x == 0 ? x : v;
}

// sinpi(n) is a zero of n's sign; cospi(n + 1/2) is +0.
double __kcc_fn_sinpi_double(double x) {
    double v = sine(of_half_turns(x));
    return x == rint(x) ? copysign(x - x, x) : v;
}

double __kcc_fn_cospi_double(double x) {
    return cosine(of_half_turns(x)) + 0.0;
}

// tanpi of an even n is a zero of n's sign, of an odd one of the other; of n + 1/2 it is infinite,
// above 0 for an even n.
double __kcc_fn_tanpi_double(double x) {
    Angle a = of_half_turns(x);
    double zero = a.quarters & 2 ? copysign(0.0, -x) : copysign(0.0, x);
    double pole = a.quarters & 2 ? -INFINITY : INFINITY;
    double v = tangent(a);
    double end = a.quarters & 1 ? pole : zero;
    return a.high == 0 ? end : v;
}
