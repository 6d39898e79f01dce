// exp, exp2, exp10, expm1, sinh, cosh, tanh of doubles: OpenCL C 3.0, sections 6.15.2 and 7.5.1.
// By the reduction of W. Cody and W. Waite: what the nearest power of 2 leaves.

#define LOG2_E 0x1.71547652b82fep+0
#define LOG2_10 0x1.a934f0979a371p+1
#define LN_2 0x1.62e42fefa39efp-1
#define LN_10 0x1.26bb1bbb55516p+1
#define ROUND 0x1.8p52 // added, it leaves an integer in the low bits

#define LN_2_HIGH 0x1.62e42fefa2000p-1
#define LN_2_LOW 0x1.9ef35793c7673p-41
#define LOG10_2_HIGH 0x1.34413509f4000p-2
#define LOG10_2_LOW 0x1.cff7988f8959bp-41

// (exp(r) - 1 - r) / (r*r), |r| <= log(2)/2; relative error 2**-57.2.
static double expm1_rest(double r) {
    double p = 0x1.1f19e66a3766fp-29;
    p = p * r + 0x1.af4db8c33b617p-26;
    p = p * r + 0x1.27e510e2362c2p-22;
    p = p * r + 0x1.71de024b350c4p-19;
    p = p * r + 0x1.a01a01905f3d6p-16;
    p = p * r + 0x1.a01a01abdf040p-13;
    p = p * r + 0x1.6c16c16c1a07cp-10;
    p = p * r + 0x1.11111111100eep-7;
    p = p * r + 0x1.555555555554ep-5;
    p = p * r + 0x1.5555555555557p-3;
    p = p * r + 0x1.0000000000000p-1;
    return p;
}

// expm1 of |r| <= log(2)/2.
static double near(double r) {
    return fma(r * r, expm1_rest(r), r);
}

// 2**n in two factors, as it may be beyond what a double holds.
static double first_factor(double n, double *second) {
    long power = as_long(n + ROUND) - as_long(ROUND), middle = power >> 1;
    *second = as_double((power - middle + 1023) << 52);
    return as_double((middle + 1023) << 52);
}

static double nearest(double x) {
    return x + ROUND - ROUND;
}

static double clamped(double x, double end) {
    x = x > end ? end : x;
    return x < -end ? -end : x;
}

// e**(x + low) 2**shift.
static double scaled_exp(double x, double low, double shift) {
    x = clamped(x, 800);
    double n = nearest(x * LOG2_E), second;
    double r = fma(-n, LN_2_LOW, fma(-n, LN_2_HIGH, x)) + low;
    double first = first_factor(n + shift, &second);
    return (1 + near(r)) * first * second;
}

// What erfc begins with.
double __kcc_fn_wide_exp_of_sum(double high, double low) {
    return scaled_exp(high, low, 0);
}

double __kcc_fn_exp_double(double x) {
    return scaled_exp(x, 0, 0);
}

// 2**(high + low): what pow ends with.
double __kcc_fn_wide_exp2_of_sum(double high, double low) {
    double x = clamped(high, 1200), n = nearest(x), second, first = first_factor(n, &second);
    double r = (x - n) + (x == high ? low : 0);
    return (1 + near(r * LN_2)) * first * second;
}

double __kcc_fn_exp2_double(double x) {
    return __kcc_fn_wide_exp2_of_sum(x, 0);
}

double __kcc_fn_exp10_double(double x) {
    x = clamped(x, 400);
    double n = nearest(x * LOG2_10), second, first = first_factor(n, &second);
    double r = fma(-n, LOG10_2_LOW, fma(-n, LOG10_2_HIGH, x));
    return (1 + near(r * LN_10)) * first * second;
}

double __kcc_fn_expm1_double(double given) {
    double x = given > 720 ? 720 : given;
    x = x < -50 ? -50 : x;
    double n = nearest(x * LOG2_E), second, first = first_factor(n, &second);
    double r = fma(-n, LN_2_LOW, fma(-n, LN_2_HIGH, x));
    double v = fma(first, near(r), first - 1 / second) * second;
    return given == 0 ? given : v;
}

double __kcc_fn_sinh_double(double x) {
    double a = fabs(x), e = __kcc_fn_expm1_double(a > 1 ? 1 : a), middle = scaled_exp(a, 0, -1);
    double low = 0.5 * (e + e / (e + 1)), high = middle - 0.25 / middle;
    return copysign(a > 1 ? high : low, x);
}

double __kcc_fn_cosh_double(double x) {
    double middle = scaled_exp(fabs(x), 0, -1);
    return middle + 0.25 / middle;
}

double __kcc_fn_tanh_double(double x) {
    double a = fabs(x), e = __kcc_fn_expm1_double(a > 30 ? 60 : 2 * a);
    return copysign(e / (e + 2), x);
}
