// Products, transposes and elimination over double, float, and integers of three widths.
#include "guest.h"
enum { N = 23 };

#define PRODUCT(type) \
  static type a_##type[N][N], b_##type[N][N], c_##type[N][N]; \
  NOINLINE static void multiply_##type(void) { \
    for (int i = 0; i < N; i++) \
      for (int j = 0; j < N; j++) { \
        type sum = 0; \
        for (int k = 0; k < N; k++) sum += a_##type[i][k] * b_##type[k][j]; \
        c_##type[i][j] = sum; \
      } \
    for (int i = 0; i < N; i++) \
      for (int j = 0; j < i; j++) { \
        type t = c_##type[i][j]; \
        c_##type[i][j] = c_##type[j][i]; \
        c_##type[j][i] = t; \
      } \
  } \
  static void fill_##type(void) { \
    for (int i = 0; i < N; i++) \
      for (int j = 0; j < N; j++) \
        a_##type[i][j] = (type)((i32)next() % 1000) / 8, b_##type[i][j] = (type)(i8)next() / 4; \
  }

PRODUCT(double)
PRODUCT(float)
PRODUCT(i64)
PRODUCT(i32)
PRODUCT(i16)

NOINLINE static double determinant(double m[N][N]) {
  double det = 1;
  for (int k = 0; k < N; k++) {
    int best = k;
    for (int i = k + 1; i < N; i++)
      if (__builtin_fabs(m[i][k]) > __builtin_fabs(m[best][k])) best = i;
    if (best != k) {
      det = -det;
      for (int j = 0; j < N; j++) {
        double t = m[k][j];
        m[k][j] = m[best][j];
        m[best][j] = t;
      }
    }
    det *= m[k][k];
    for (int i = k + 1; i < N; i++) {
      double factor = m[i][k] / m[k][k];
      for (int j = k; j < N; j++) m[i][j] -= factor * m[k][j];
    }
  }
  return det;
}

#define SHOW(type, bits) \
  fill_##type(); \
  multiply_##type(); \
  for (int i = 0; i < N; i += 3) hex(bits(c_##type[i][(i * 5) % N])); \
  put('\n');

static void run(void) {
  SHOW(double, bits_of)
  SHOW(float, bits_of_float)
  SHOW(i64, (u64))
  SHOW(i32, (u64))
  SHOW(i16, (u64))
  hex(bits_of(determinant(a_double)));
  float trace = 0;
  for (int i = 0; i < N; i++) trace += c_float[i][i] * 0.125f;
  hex(bits_of_float(trace));
}
