// Every conversion between the arithmetic types, of numbers that each can hold or nearly so.
#include "guest.h"

static const double values[] = {
    0.0, -0.0, 0.5, -0.5, 0.99999999, -0.99999999, 1.5, 2.5, -1.5, 126.9, 127.5, -128.4, 255.7,
    32767.4, -32768.9, 65535.5, 1e5, -1e5, 2147483647.0, -2147483648.0, 4294967295.0, 1e12, -1e12,
    9007199254740993.0, 9.2e18, -9.2e18, 1e-10, 1e-40, 3.4e38, 1e300, 5e-324,
};
static const i64 integers[] = {
    0, 1, -1, 127, 128, -128, 255, 32767, -32768, 65535, 16777217, 33554431, 2147483647,
    -2147483648, 4294967295, 9007199254740993, -9007199254740995, 9223372036854775807,
    -9223372036854775807 - 1,
};

#define EACH(X) X(i8) X(u8) X(i16) X(u16) X(i32) X(u32) X(i64) X(u64)
#define RANGE(type) ((type)-1 > 0 ? 0 : -(double)(1ul << (8 * sizeof(type) - 1)))
#define TOP(type) ((type)-1 > 0 ? 2.0 : 1.0) * (double)(1ul << (8 * sizeof(type) - 1))

#define FROM(type) \
  NOINLINE static type d_##type(double v) { return (type)v; } \
  NOINLINE static type f_##type(float v) { return (type)v; } \
  NOINLINE static double type##_d(type v) { return v; } \
  NOINLINE static float type##_f(type v) { return v; }
EACH(FROM)

NOINLINE static void arrays(float *f, const double *d, i32 *n, i16 *s, int count) {
  for (int i = 0; i < count; i++) f[i] = (float)d[i];
  for (int i = 0; i < count; i++) n[i] = f[i] > -1e9f && f[i] < 1e9f ? (i32)(f[i] * 2) : -1;
  for (int i = 0; i < count; i++) s[i] = (i16)n[i];
}

static void run(void) {
  for (int i = 0; i < COUNT(values); i++) {
    double v = values[i];
    hex(bits_of_float((float)v));
#define SHOW(type) \
  if (v > RANGE(type) - 1 && v < TOP(type)) { \
    number((i64)d_##type(v)); \
    if ((float)v > RANGE(type) - 1 && (float)v < TOP(type)) hex((u64)f_##type((float)v)); \
  }
    EACH(SHOW)
    put('\n');
  }
  for (int i = 0; i < COUNT(integers); i++) {
#define BACK(type) \
  hex(bits_of(type##_d((type)integers[i]))), hex(bits_of_float(type##_f((type)integers[i])));
    EACH(BACK)
    put('\n');
  }
  float f[COUNT(values)];
  i32 n[COUNT(values)];
  i16 s[COUNT(values)];
  arrays(f, values, n, s, COUNT(values));
  for (int i = 0; i < COUNT(values); i++) hex(bits_of_float(f[i])), number(n[i]), number(s[i]);
}
