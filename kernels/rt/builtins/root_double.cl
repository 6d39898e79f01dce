// cbrt and hypot of doubles: OpenCL C 3.0, sections 6.15.2 and 7.5.1.

// E. Halley's iteration, which triples the digits that are right.
static double better_root(double r, double a) {
    double cube = r * r * r;
    return fma(r, (a - cube) / (2 * cube + a), r);
}

// The first guess is a third of the number's bits, exponent and fraction: within 4%.
double __kcc_fn_cbrt_double(double x) {
    double a = fabs(x), back = a > 0x1p1000 ? 0x1p18 : a < 0x1p-900 ? 0x1p-40 : 1;
    a *= a > 0x1p1000 ? 0x1p-54 : a < 0x1p-900 ? 0x1p120 : 1;
    double r = as_double((long)((ulong)as_long(a) / 3) + 0x2a9f7893782da1ceL);
    r = better_root(better_root(better_root(r, a), a), a);
    double v = copysign(r * back, x);
    v = a == 0 ? x : v;
    return a < INFINITY ? v : x;
}

double __kcc_fn_hypot_double(double x, double y) {
    double a = fabs(x), b = fabs(y), most = a > b ? a : b;
    double scale = most > 0x1p500 ? 0x1p-600 : most < 0x1p-400 ? 0x1p600 : 1;
    a *= scale;
    b *= scale;
    double v = sqrt(a * a + b * b) / scale;
    return isinf(x) || isinf(y) ? INFINITY : v;
}
