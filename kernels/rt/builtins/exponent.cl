// Functions of a number's exponent and fraction: frexp, ilogb, logb, ldexp, nextafter, modf, fract.
// OpenCL C 3.0, sections 6.15.2 and 7.5.1 (special values). A half's go through float, which
// holds every half and every such result.

#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#pragma OPENCL FP_CONTRACT OFF

// T has FRACTION bits of fraction; its exponent field is TOP where it is not finite, BIAS where it
// is 0. Subnormal numbers are looked at times 2**64.
#define EXPONENT(T, U, FRACTION, TOP, BIAS, LEAST_NORMAL)                                          \
    static int exponent_of_##T(T x) {                                                              \
        bool tiny = fabs(x) < LEAST_NORMAL;                                                        \
        int field = (int)(as_##U(tiny ? x * 0x1p64f : x) >> FRACTION & TOP);                       \
        return field - BIAS - (tiny ? 64 : 0);                                                     \
    }                                                                                              \
                                                                                                   \
    T __kcc_fn_frexp_##T(T x, int *exponent) {                                                     \
        bool kept = x == 0 || !isfinite(x);                                                        \
        U bits = as_##U(fabs(x) < LEAST_NORMAL ? x * 0x1p64f : x) & ~((U)TOP << FRACTION);         \
        *exponent = kept ? 0 : exponent_of_##T(x) + 1;                                             \
        return kept ? x : as_##T(bits | (U)(BIAS - 1) << FRACTION);                                \
    }                                                                                              \
                                                                                                   \
    int __kcc_fn_ilogb_##T(T x) {                                                                  \
        return x == 0 ? FP_ILOGB0 : isfinite(x) ? exponent_of_##T(x) : FP_ILOGBNAN;                \
    }                                                                                              \
                                                                                                   \
    T __kcc_fn_logb_##T(T x) {                                                                     \
        return x == 0 ? -INFINITY : isfinite(x) ? (T)exponent_of_##T(x) : x * x;                   \
    }

EXPONENT(float, uint, 23, 0xff, 127, 0x1p-126f)
EXPONENT(double, ulong, 52, 0x7ff, 1023, 0x1p-1022)

half __kcc_fn_frexp_half(half x, int *exponent) {
    return (half)__kcc_fn_frexp_float((float)x, exponent);
}

int __kcc_fn_ilogb_half(half x) {
    return __kcc_fn_ilogb_float((float)x);
}

half __kcc_fn_logb_half(half x) {
    return (half)__kcc_fn_logb_float((float)x);
}

static double power_of_two(int n) { // -1022 <= n <= 1023
    return as_double((ulong)(n + 1023) << 52);
}

// In double nothing is lost, nor rounded, before the end.
float __kcc_fn_ldexp_float(float x, int n) {
    return (float)((double)x * power_of_two(clamp(n, -300, 300)));
}

half __kcc_fn_ldexp_half(half x, int n) {
    return (half)((double)x * power_of_two(clamp(n, -100, 100)));
}

// Steps of 2**969 downward: what they make subnormal, and so perhaps round, ends as 0 anyway.
double __kcc_fn_ldexp_double(double x, int n) {
    n = clamp(n, -2100, 2100);
    if (n < -1022) {
        x *= 0x1p-969;
        n += 969;
    } else if (n > 1023) {
        x *= 0x1p1023;
        n -= 1023;
    }
    if (n < -1022) {
        x *= 0x1p-969;
        n += 969;
    } else if (n > 1023) {
        x *= 0x1p1023;
        n -= 1023;
    }
    return x * power_of_two(clamp(n, -1022, 1023));
}

#define NEXT_AFTER(T, U)                                                                           \
    T __kcc_fn_nextafter_##T(T x, T y) {                                                           \
        if (isnan(x) || isnan(y))                                                                  \
            return x + y;                                                                          \
        if (x == y)                                                                                \
            return y;                                                                              \
        if (x == 0)                                                                                \
            return copysign(as_##T((U)1), y);                                                      \
        U bits = as_##U(x);                                                                        \
        return as_##T((U)((x < y) == (x > 0) ? bits + 1 : bits - 1));                              \
    }

NEXT_AFTER(half, ushort)
NEXT_AFTER(float, uint)
NEXT_AFTER(double, ulong)

// The least of fract's results is 0, the greatest the number before 1.
#define PARTS(T, BEFORE_ONE)                                                                       \
    T __kcc_fn_modf_##T(T x, T *whole) {                                                           \
        *whole = trunc(x);                                                                         \
        return copysign(isinf(x) ? 0 : x - trunc(x), x);                                           \
    }                                                                                              \
                                                                                                   \
    T __kcc_fn_fract_##T(T x, T *whole) {                                                          \
        T rest = x - floor(x);                                                                     \
        *whole = floor(x);                                                                         \
        if (isinf(x))                                                                              \
            return copysign((T)0, x);                                                              \
        return x == 0 || isnan(x) ? x : rest < BEFORE_ONE ? rest : BEFORE_ONE;                     \
    }

PARTS(half, (half)0x1.ffcp-1f)
PARTS(float, 0x1.fffffep-1f)
PARTS(double, 0x1.fffffffffffffp-1)
