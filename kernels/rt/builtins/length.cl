// length, distance, normalize: OpenCL C 3.0, section 6.15.5.

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

// Squares of floats and halves neither overflow nor vanish in double.
#define NARROW(T, V, D, DOUBLES)                                                                   \
    T __kcc_fn_length_##V(V p) {                                                                   \
        D wide = DOUBLES(p);                                                                       \
        return (T)sqrt(dot(wide, wide));                                                           \
    }                                                                                              \
                                                                                                   \
    T __kcc_fn_distance_##V(V p, V q) {                                                            \
        D way = DOUBLES(p) - DOUBLES(q);                                                           \
        return (T)sqrt(dot(way, way));                                                             \
    }                                                                                              \
                                                                                                   \
    V __kcc_fn_normalize_##V(V p) {                                                                \
        D wide = unit_##D(DOUBLES(p));                                                             \
        return convert_##V(wide);                                                                  \
    }

// Doubles are brought to the middle of their range first, by a power of two.
#define WIDE(V, GREATEST)                                                                          \
    static double scale_##V(V p) {                                                                 \
        double most = GREATEST;                                                                    \
        return most > 0x1p500 ? 0x1p-600 : most < 0x1p-400 ? 0x1p600 : 1;                          \
    }                                                                                              \
                                                                                                   \
    double __kcc_fn_length_##V(V p) {                                                              \
        double scale = scale_##V(p);                                                               \
        p *= scale;                                                                                \
        return sqrt(dot(p, p)) / scale;                                                            \
    }                                                                                              \
                                                                                                   \
    double __kcc_fn_distance_##V(V p, V q) {                                                       \
        return __kcc_fn_length_##V(p - q);                                                         \
    }                                                                                              \
                                                                                                   \
    static V unit_##V(V p) { /* 0 stays 0; what is infinite decides */                             \
        V at_infinity = copysign(isinf(p) ? (V)1 : (V)0, p);                                       \
        V q = p * scale_##V(p);                                                                    \
        double squared = dot(q, q);                                                                \
        if (squared == INFINITY)                                                                   \
            return at_infinity / sqrt(dot(at_infinity, at_infinity));                              \
        return squared == 0 ? p : q / sqrt(squared);                                               \
    }                                                                                              \
                                                                                                   \
    V __kcc_fn_normalize_##V(V p) {                                                                \
        return unit_##V(p);                                                                        \
    }

#define ABS(lane) fabs(p.lane)
WIDE(double, fabs(p))
WIDE(double2, fmax(ABS(x), ABS(y)))
WIDE(double3, fmax(fmax(ABS(x), ABS(y)), ABS(z)))
WIDE(double4, fmax(fmax(ABS(x), ABS(y)), fmax(ABS(z), ABS(w))))

NARROW(float, float, double, (double))
NARROW(float, float2, double2, convert_double2)
NARROW(float, float3, double3, convert_double3)
NARROW(float, float4, double4, convert_double4)
NARROW(half, half, double, (double))
NARROW(half, half2, double2, convert_double2)
NARROW(half, half3, double3, convert_double3)
NARROW(half, half4, double4, convert_double4)
