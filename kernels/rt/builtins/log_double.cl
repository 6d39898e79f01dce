// log, log2, log10, log1p, asinh, acosh, atanh of doubles: OpenCL C 3.0, sections 6.15.2 and 7.5.1.

#define LN_2 0x1.62e42fefa39efp-1
#define LOG2_E 0x1.71547652b82fep+0
#define LOG10_E 0x1.bcb7b1526e50ep-2

#define LN_2_HIGH 0x1.62e42fefa2000p-1
#define LN_2_LOW 0x1.9ef35793c7673p-41
#define LOG10_2_HIGH 0x1.34413509f4000p-2
#define LOG10_2_LOW 0x1.cff7988f8959bp-41

// (log((1 + t) / (1 - t)) / t - 2) / s of s = t*t, |t| <= (sqrt(2) - 1)**2; relative error 2**-54.0.
static double log_tail(double s) {
    double p = 0x1.0c05b50eebeb2p-3;
    p = p * s + 0x1.0fbe5e932ec70p-3;
    p = p * s + 0x1.3b1c3796be69fp-3;
    p = p * s + 0x1.745cf8f914c98p-3;
    p = p * s + 0x1.c71c72017750ep-3;
    p = p * s + 0x1.2492492476b9cp-2;
    p = p * s + 0x1.9999999999a38p-2;
    p = p * s + 0x1.5555555555555p-1;
    return p;
}

// d = 2**exponent * (1 + what is returned), which is between sqrt(1/2) - 1 and sqrt(2) - 1.
static double split(double d, double *exponent) {
    bool tiny = d < 0x1p-1022;
    d = tiny ? d * 0x1p54 : d;
    long e = (as_long(d) - as_long(0x1.6a09e667f3bcdp-1)) >> 52;
    *exponent = (double)((int)e - (tiny ? 54 : 0));
    return as_double(as_long(d) - (e << 52)) - 1;
}

// What log(1 + f) + more is below f.
static double below(double f, double more) {
    double t = f / (2 + f), s = t * t, half_square = 0.5 * f * f;
    return half_square - fma(t, fma(s, log_tail(s), half_square), more);
}

static double at_the_ends(double d, double logarithm) {
    logarithm = d == INFINITY ? INFINITY : logarithm;
    logarithm = d >= 0 ? logarithm : NAN;
    return d == 0 ? -INFINITY : logarithm;
}

double __kcc_fn_log_double(double x) {
    double exponent, f = split(x, &exponent);
    double v = fma(exponent, LN_2_HIGH, f - below(f, exponent * LN_2_LOW));
    return at_the_ends(x, v);
}

double __kcc_fn_log2_double(double x) {
    double exponent, f = split(x, &exponent);
    return at_the_ends(x, fma(f - below(f, 0), LOG2_E, exponent));
}

double __kcc_fn_log10_double(double x) {
    double exponent, f = split(x, &exponent);
    double v = fma(f - below(f, 0), LOG10_E, exponent * LOG10_2_LOW);
    return at_the_ends(x, fma(exponent, LOG10_2_HIGH, v));
}

// What 1 + x loses comes back relative to it.
double __kcc_fn_log1p_double(double x) {
    double d = 1 + x, exponent, f = split(d, &exponent);
    double lost = (x > 1 ? 1 - (d - x) : x - (d - 1)) / d;
    bool small = exponent == 0;
    f = small ? x : f;
    lost = small ? 0 : lost;
    double v = fma(exponent, LN_2_HIGH, f - below(f, fma(exponent, LN_2_LOW, lost)));
    v = at_the_ends(d, v);
    return x == 0 ? x : v;
}

double __kcc_fn_asinh_double(double x) {
    double a = fabs(x), b = a > 0x1p30 ? 0x1p30 : a;
    double near = __kcc_fn_log1p_double(b + b * b / (1 + sqrt(1 + b * b)));
    double far = __kcc_fn_log_double(a) + LN_2;
    return copysign(a > 0x1p30 ? far : near, x);
}

double __kcc_fn_acosh_double(double x) {
    double t = (x > 0x1p30 ? 0x1p30 : x) - 1;
    double near = __kcc_fn_log1p_double(t + sqrt(t * (2 + t))), far = __kcc_fn_log_double(x) + LN_2;
    double v = x > 0x1p30 ? far : near;
    return x < 1 ? NAN : v;
}

double __kcc_fn_atanh_double(double x) {
    double a = fabs(x);
    return copysign(0.5 * __kcc_fn_log1p_double(2 * a / (1 - a)), x);
}
