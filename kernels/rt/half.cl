// Conversions from and to half that LLVM calls for where the device has no instructions of its
// own (Zfh). A half travels in the low 16 bits of a float register, as the calling convention
// says; both roundings are to nearest, ties to even.

#define INFINITY_BITS 0x7c00u

static float boxed(uint half_bits) {
    return as_float(0xffff0000u | half_bits);
}

float __extendhfsf2(float box) {
    uint bits = as_uint(box);
    uint sign = (bits & 0x8000) << 16, magnitude = bits & 0x7fff;
    if (magnitude >= INFINITY_BITS) {
        uint quiet = magnitude > INFINITY_BITS ? 0x400000u : 0;
        return as_float(sign | 0x7f800000u | quiet | magnitude << 13);
    }
    // With the exponent read as a float's the value is 2**112 too small; subnormals as well.
    float value = as_float(magnitude << 13) * 0x1p112f;
    return as_float(sign | as_uint(value));
}

float __truncsfhf2(float x) {
    uint bits = as_uint(x);
    uint sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000u)
        return boxed(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= as_uint(65520.0f)) // halfway to what would be the next half
        return boxed(sign | INFINITY_BITS);
    if (magnitude < as_uint(0x1p-14f)) // 0.5 has the unit in the last place of a subnormal half
        return boxed(sign | (as_uint(as_float(magnitude) + 0.5f) - as_uint(0.5f)));
    uint rebiased = magnitude - (112u << 23);
    return boxed(sign | (rebiased + 0xfff + (rebiased >> 13 & 1)) >> 13);
}

float __truncdfhf2(double x) {
    ulong bits = as_ulong(x);
    ulong magnitude = bits & ~(1UL << 63);
    uint sign = (uint)(bits >> 48) & 0x8000;
    if (magnitude > 0x7ffUL << 52)
        return boxed(sign | 0x7e00 | ((uint)(magnitude >> 42) & 0x3ff));
    if (magnitude >= as_ulong(65520.0))
        return boxed(sign | INFINITY_BITS);
    if (magnitude < as_ulong(0x1p-14)) // as above, with a number of that unit in double
        return boxed(sign | (uint)(as_ulong(as_double(magnitude) + 0x1p28) - as_ulong(0x1p28)));
    ulong rebiased = magnitude - (1008UL << 52);
    return boxed(sign | (uint)((rebiased + (1UL << 41) - 1 + (rebiased >> 42 & 1)) >> 42));
}
