// pow, powr, pown, rootn of doubles: OpenCL C 3.0, sections 6.15.2 and 7.5.1.
// The logarithm is a sum of two doubles: times 1000 it still has the digits of one.

#define TWO_THIRDS 0x1.5555555555555p-1
#define TWO_THIRDS_LOW 0x1.5555555555555p-55
#define LOG2_E 0x1.71547652b82fep+0
#define LOG2_E_LOW 0x1.777d0ffda0d24p-56

double __kcc_fn_wide_exp2_of_sum(double high, double low);

// (log((1 + t) / (1 - t)) / t - 2 - 2/3 s) / (s*s) of s = t*t, as above; relative error 2**-53.8.
static double log_end(double s) {
    double p = 0x1.e02f956f9417ep-4;
    p = p * s + 0x1.df7ca82dd0ebep-4;
    p = p * s + 0x1.1118c89b0b024p-3;
    p = p * s + 0x1.3b1395ce2e71ep-3;
    p = p * s + 0x1.745d177aa105ep-3;
    p = p * s + 0x1.c71c71c6ea926p-3;
    p = p * s + 0x1.2492492492522p-2;
    p = p * s + 0x1.999999999999ap-2;
    return p;
}

// log2 of a number that is above 0 and finite; tgamma needs it, too.
double __kcc_fn_wide_log2_sum(double d, double *low) {
    bool tiny = d < 0x1p-1022;
    d = tiny ? d * 0x1p54 : d;
    long e = (as_long(d) - as_long(0x1.6a09e667f3bcdp-1)) >> 52;
    double exponent = (double)((int)e - (tiny ? 54 : 0));
    double f = as_double(as_long(d) - (e << 52)) - 1;
    // t = f / (2 + f), s = t*t, w = 2/3 s + s*s*log_end(s), and log(1 + f) = t * (2 + w)
    double g = 2 + f, t = f / g;
    double t_low = (fma(-t, g, f) - t * (f - (g - 2))) / g;
    double s = t * t, s_low = fma(t, t, -s) + 2 * t * t_low;
    double w = s * TWO_THIRDS;
    double w_low = fma(s, TWO_THIRDS, -w) + s * TWO_THIRDS_LOW + s_low * TWO_THIRDS;
    w_low += s * s * log_end(s);
    double u = 2 + w, u_low = (2 - u) + w + w_low;
    double l = t * u, l_low = fma(t, u, -l) + t * u_low + t_low * u;
    double p = l * LOG2_E, p_low = fma(l, LOG2_E, -p) + l * LOG2_E_LOW + l_low * LOG2_E;
    double high = exponent + p;
    *low = (exponent - high) + p + p_low;
    return high;
}

// a**(y + y_low) of 0 <= a; where a or y is 0 or infinite, by the limits; 1 of y = 0 or a = 1.
static double power(double a, double y, double y_low) {
    double b = a == 0 || a == INFINITY ? 1 : a;
    double e = y > 0x1p100 ? 0x1p100 : y < -0x1p100 ? -0x1p100 : y;
    double low, high = __kcc_fn_wide_log2_sum(b, &low), product = e * high;
    double v = __kcc_fn_wide_exp2_of_sum(
        product, fma(e, high, -product) + (e * low + y_low * high));
    double grown = y > 0 ? INFINITY : 0, shrunk = y > 0 ? 0 : INFINITY;
    v = a == INFINITY ? grown : v;
    v = a == 0 ? shrunk : v;
    v = isnan(a) || isnan(y) ? NAN : v;
    return a == 1 || y == 0 ? 1 : v;
}

double __kcc_fn_pow_double(double x, double y) {
    double above_even = fabs(fma(-2.0, rint(0.5 * y), y)), v = power(fabs(x), y, 0);
    bool whole = above_even == 0 || above_even == 1 || isinf(y);
    v = x < 0 && x >= -DBL_MAX && !whole ? NAN : v;
    return above_even == 1 ? copysign(v, x) : v;
}

// An infinity or 0 where the logarithm is; NaN of NaN; else something finite that is not 0.
static double log_sign(double d) {
    double v = d > 2 && d < INFINITY ? 1 : d - 1;
    return d == 0 ? -INFINITY : v;
}

double __kcc_fn_powr_double(double x, double y) {
    double v = power(fabs(x), y, 0), sign = y > 2 && y < INFINITY ? 1 : y;
    double unclear = log_sign(x) * sign; // 0 times infinity, or of what is no number
    v = isnan(unclear) ? NAN : v;
    return x < 0 ? NAN : v;
}

double __kcc_fn_pown_double(double x, int n) {
    double v = power(fabs(x), (double)n, 0);
    return n & 1 ? copysign(v, x) : v;
}

double __kcc_fn_rootn_double(double x, int n) {
    double y = 1 / (double)n;
    double v = power(fabs(x), y, n == 0 ? 0 : fma(-y, (double)n, 1.0) * y);
    v = (x < 0 && !(n & 1)) || n == 0 || isnan(x) ? NAN : v;
    return n & 1 ? copysign(v, x) : v;
}
