// tgamma, lgamma, lgamma_r of doubles: OpenCL C 3.0, sections 6.15.2 and 7.5.1.

#define PI 0x1.921fb54442d18p+1
#define ONE_OVER_PI 0x1.45f306dc9c883p-2
#define LOG2_E 0x1.71547652b82fep+0
#define LOG2_E_LOW 0x1.777d0ffda0d24p-56

double __kcc_fn_log_double(double x);
double __kcc_fn_sinpi_double(double x);
double __kcc_fn_wide_exp2_of_sum(double high, double low);
double __kcc_fn_wide_log2_sum(double d, double *low);

// gamma(y) (e/y)**(y - 1/2) of u = 1/y, 2 <= y <= 172; relative error 2**-53.9.
static double gamma_double(double u) {
    double p = 0x1.4f39159d2c053p-11;
    p = p * u + -0x1.01cb7a4639d4bp-9;
    p = p * u + 0x1.04f9cbca4bea7p-9;
    p = p * u + 0x1.5a072542f4144p-12;
    p = p * u + -0x1.5a5a38b551552p-9;
    p = p * u + 0x1.3c9f27c787251p-9;
    p = p * u + -0x1.905debe07d396p-12;
    p = p * u + -0x1.baf0d81450bc1p-11;
    p = p * u + 0x1.9efe424020e89p-14;
    p = p * u + 0x1.38a42c1ac3700p-10;
    p = p * u + -0x1.6ddcbce191d9bp-12;
    p = p * u + -0x1.0b291835bd781p-8;
    p = p * u + 0x1.59f6a031c2241p-8;
    p = p * u + 0x1.0378f83c72406p-3;
    p = p * u + 0x1.8535745aa7952p+0;
    return p;
}

// lgamma(y) + y - (y - 1/2) log(y) of u = 1/y, 3 <= y; relative error 2**-54.1.
static double stirling_double(double u) {
    double p = -0x1.2d75a4a89d275p-10;
    p = p * u + 0x1.24eb9c0acc88ep-9;
    p = p * u + -0x1.2fd406ec8002fp-10;
    p = p * u + -0x1.91e62ed5d4636p-11;
    p = p * u + 0x1.265b7b2f9cf47p-10;
    p = p * u + -0x1.04118a4f32504p-14;
    p = p * u + -0x1.3354f9f9da510p-11;
    p = p * u + -0x1.df1ee282a603ap-21;
    p = p * u + 0x1.a021e42e2f210p-11;
    p = p * u + -0x1.54fee4e0716bdp-29;
    p = p * u + -0x1.6c16c0e2e057fp-9;
    p = p * u + -0x1.cb537455b4c4fp-41;
    p = p * u + 0x1.5555555555684p-4;
    p = p * u + 0x1.d67f1c864beb5p-1;
    return p;
}

// lgamma(w + 3/2) / (w*w - 1/4), |w| <= 1/2; relative error 2**-54.5.
static double lgamma_double(double w) {
    double p = -0x1.0c2096ac42747p-17;
    p = p * w + 0x1.97ad8570cfdaap-17;
    p = p * w + -0x1.0e3a1b14c8584p-17;
    p = p * w + 0x1.ba0a9ebd3e066p-17;
    p = p * w + -0x1.cb3615003d38ep-16;
    p = p * w + 0x1.68ff173e23cf2p-15;
    p = p * w + -0x1.15318eeb9bd26p-14;
    p = p * w + 0x1.b9e22bb28f4f7p-14;
    p = p * w + -0x1.624492e189509p-13;
    p = p * w + 0x1.1c7e513bfc8aep-12;
    p = p * w + -0x1.cb4489275c867p-12;
    p = p * w + 0x1.750a77bc9336ap-11;
    p = p * w + -0x1.313e8be022aabp-10;
    p = p * w + 0x1.f814babf72964p-10;
    p = p * w + -0x1.a50352291413fp-9;
    p = p * w + 0x1.64f0664c34fc0p-8;
    p = p * w + -0x1.34dbda14a689fp-7;
    p = p * w + 0x1.133423527f404p-6;
    p = p * w + -0x1.007aa83cee0f6p-5;
    p = p * w + 0x1.01af62a2929bfp-4;
    p = p * w + -0x1.2aed059bd608ap-3;
    p = p * w + 0x1.eeb95b094c191p-2;
    return p;
}

// log2 of (y/e)**(y - 1/2), as a sum; y is `lost` too small. 2 <= y <= 200.
static double log2_power(double y, double lost, double *low) {
    double log_low, log = __kcc_fn_wide_log2_sum(y, &log_low);
    double h = log - LOG2_E, back = h - log;
    double h_low = (log - (h - back)) - (LOG2_E + back) + (log_low - LOG2_E_LOW);
    double e = y - 0.5, power = e * h;
    *low = fma(e, h, -power) + (e * h_low + lost * (log - 0.5 * LOG2_E / y));
    return power;
}

// By J. Stirling's formula of |x|, of |x| + 2 where that is below 5; for x < 0 by L. Euler's
// reflection, where the power is held above subnormal numbers. Beyond 200 it overflows, or vanishes.
double __kcc_fn_tgamma_double(double x) {
    double a = fabs(x), b = a > 200 ? 200 : a;
    bool near = b < 3;
    double y = near ? b + 2 : b, low, power = log2_power(y, near ? b - (y - 2) : 0, &low);
    double rest = gamma_double(1 / y);
    double right = __kcc_fn_wide_exp2_of_sum(power, low) * rest / (near ? x * (x + 1) : 1);
    double shift = b > 100 ? 128 : 0, unit = b > 100 ? 0x1p-128 : 1; // the difference is exact
    double top = -PI * (near ? 1 + b : 1 / b) * __kcc_fn_wide_exp2_of_sum(shift - power, -low);
    double left = top / (__kcc_fn_sinpi_double(a) * rest) * unit;
    left = x == rint(x) ? NAN : left;
    double v = x < 0 ? left : right;
    return isnan(x) ? x : v;
}

// lgamma(x) of 0 <= x; where x < 1, lgamma(x + 1) if that is wanted. By Stirling's formula from 3
// on; below, lgamma between 1 and 2, whose zeros are exact, and a logarithm.
static double lgamma_right(double x, bool next) {
    double up = x < 1 ? 1 : x < 2 ? 0 : -1; // x + up is between 1 and 2
    double logarithm = __kcc_fn_log_double(x < 3 && x >= 2 ? x - 1 : x);
    double near = (x + (up - 1)) * (x + (up - 2)) * lgamma_double(x + (up - 1.5));
    double step = x < 1 ? -logarithm : logarithm;
    step = x < 1 ? (next ? 0 : step) : x < 2 ? 0 : step;
    double far = (x - 0.5) * (logarithm - 1) + (stirling_double(1 / x) - 0.5);
    return x < 3 ? near + step : far;
}

double __kcc_fn_lgamma_r_double(double x, int *sign) {
    double a = fabs(x), sine = fabs(__kcc_fn_sinpi_double(a));
    double right = lgamma_right(a, x < 0);
    double left = -__kcc_fn_log_double((a < 1 ? sine : a * sine) * ONE_OVER_PI) - right;
    left = x == rint(x) ? INFINITY : left;
    bool odd = floor(x * 0.5) * 2 != floor(x);
    *sign = (x < 0 && odd) || (x == 0 && signbit(x)) ? -1 : 1;
    return x < 0 ? left : right;
}

double __kcc_fn_lgamma_double(double x) {
    int sign;
    return __kcc_fn_lgamma_r_double(x, &sign);
}
