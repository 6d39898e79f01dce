// fmod, remainder, remquo: exact, by long division of the fractions as integers.
// OpenCL C 3.0, sections 6.15.2 and 7.5.1 (special values).

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

typedef struct {
    ulong rest;    // in units of 2**unit, below the divisor's
    ulong divisor;
    int unit;
    uint quotient; // its low bits
} Division;

// |x| / |y| of finite numbers; the divisor is not 0. Each is a fraction times 2**exponent, and
// STEP bits come down at a time: fraction and step have room in 64 bits together.
#define DIVISION(T, U, FRACTION, TOP, BIAS, STEP)                                                  \
    static Division divided_##T(T x, T y) {                                                        \
        ulong a = as_##U(x) & ((U)1 << FRACTION) - 1, b = as_##U(y) & ((U)1 << FRACTION) - 1;      \
        int i = (int)(as_##U(x) >> FRACTION & TOP), j = (int)(as_##U(y) >> FRACTION & TOP);        \
        a |= (ulong)(i != 0) << FRACTION;                                                          \
        b |= (ulong)(j != 0) << FRACTION;                                                          \
        i += i == 0;                                                                               \
        j += j == 0;                                                                               \
        if (i < j) { /* then x is below y: only being one lower matters, to round a quotient */    \
            b = i == j - 1 ? b << 1 : ~0UL >> 1;                                                   \
            j = i;                                                                                 \
        }                                                                                          \
        Division d = {a % b, b, j - BIAS - FRACTION, (uint)(a / b)};                               \
        for (int left = i - j; left > 0; left -= STEP) {                                           \
            int step = min(left, STEP);                                                            \
            a = d.rest << step;                                                                    \
            d.quotient = (d.quotient << step) + (uint)(a / b);                                     \
            d.rest = a % b;                                                                        \
        }                                                                                          \
        return d;                                                                                  \
    }                                                                                              \
                                                                                                   \
    T __kcc_fn_fmod_##T(T x, T y) {                                                                \
        if (isnan(x) || isnan(y) || isinf(x) || y == 0)                                            \
            return NAN;                                                                            \
        if (fabs(x) < fabs(y)) /* also when y is infinite */                                       \
            return x;                                                                              \
        Division d = divided_##T(x, y);                                                            \
        return copysign(ldexp((T)d.rest, d.unit), x);                                              \
    }                                                                                              \
                                                                                                   \
    T __kcc_fn_remquo_##T(T x, T y, int *quotient) {                                               \
        *quotient = 0;                                                                             \
        if (isnan(x) || isnan(y) || isinf(x) || y == 0)                                            \
            return NAN;                                                                            \
        if (isinf(y))                                                                              \
            return x;                                                                              \
        Division d = divided_##T(x, y);                                                            \
        ulong other = d.divisor - d.rest;                                                          \
        bool up = d.rest > other || (d.rest == other && (d.quotient & 1));                         \
        T magnitude = ldexp((T)(up ? other : d.rest), d.unit);                                     \
        int low = (int)(d.quotient + up & 0x7f);                                                   \
        *quotient = signbit(x) == signbit(y) ? low : -low;                                         \
        return up && magnitude != 0 ? copysign(magnitude, -x) : copysign(magnitude, x);            \
    }                                                                                              \
                                                                                                   \
    T __kcc_fn_remainder_##T(T x, T y) {                                                           \
        int quotient;                                                                              \
        return __kcc_fn_remquo_##T(x, y, &quotient);                                               \
    }

DIVISION(float, uint, 23, 0xff, 127, 38)
DIVISION(double, ulong, 52, 0x7ff, 1023, 10)

// What divides two halves divides them as floats: the results are halves.
half __kcc_fn_fmod_half(half x, half y) {
    return (half)__kcc_fn_fmod_float((float)x, (float)y);
}

half __kcc_fn_remquo_half(half x, half y, int *quotient) {
    return (half)__kcc_fn_remquo_float((float)x, (float)y, quotient);
}

half __kcc_fn_remainder_half(half x, half y) {
    return (half)__kcc_fn_remainder_float((float)x, (float)y);
}
