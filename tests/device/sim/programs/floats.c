// Series, roots, Newton's method, the Mandelbrot set and n bodies, in float and double.
#include "guest.h"

NOINLINE static double exponential(double x) {
  double term = 1, sum = 1;
  for (int n = 1; n < 40; n++) sum += term *= x / n;
  return sum;
}

NOINLINE static float sine(float x) {
  float term = x, sum = x;
  for (int n = 3; n < 20; n += 2) sum += term *= -x * x / (n * (n - 1));
  return sum;
}

NOINLINE static double cube_root(double x) {
  double r = x;
  for (int n = 0; n < 60; n++) r -= (r * r * r - x) / (3 * r * r);
  return r;
}

NOINLINE static int escapes(float cr, float ci) {
  float r = 0, i = 0;
  int n = 0;
  for (; n < 60 && r * r + i * i < 4; n++) {
    float t = r * r - i * i + cr;
    i = 2 * r * i + ci;
    r = t;
  }
  return n;
}

typedef struct { double x, y, z, vx, vy, vz, mass; } Body;
static Body bodies[9];

NOINLINE static void step(double dt) {
  for (int i = 0; i < COUNT(bodies); i++)
    for (int j = i + 1; j < COUNT(bodies); j++) {
      Body *a = bodies + i, *b = bodies + j;
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double square = dx * dx + dy * dy + dz * dz + 1e-3;
      double scale = dt / (square * __builtin_sqrt(square));
      a->vx -= dx * b->mass * scale, a->vy -= dy * b->mass * scale, a->vz -= dz * b->mass * scale;
      b->vx += dx * a->mass * scale, b->vy += dy * a->mass * scale, b->vz += dz * a->mass * scale;
    }
  for (int i = 0; i < COUNT(bodies); i++) {
    Body *b = bodies + i;
    b->x += dt * b->vx, b->y += dt * b->vy, b->z += dt * b->vz;
  }
}

static float samples[513], smooth[513];

NOINLINE static float filter(void) {
  float most = -1e30f, least = 1e30f, dot = 0;
  for (int i = 1; i < 512; i++)
    smooth[i] = 0.25f * samples[i - 1] + 0.5f * samples[i] + 0.25f * samples[i + 1];
  for (int i = 1; i < 512; i++) {
    most = smooth[i] > most ? smooth[i] : most;
    least = smooth[i] < least ? smooth[i] : least;
    dot += smooth[i] * samples[i];
  }
  return most - least + dot;
}

static void run(void) {
  for (int i = -20; i <= 20; i += 3) hex(bits_of(exponential(i * 0.7)));
  for (int i = -10; i <= 10; i += 2) hex(bits_of_float(sine(i * 0.31f)));
  for (int i = 1; i < 1000; i *= 3) hex(bits_of(cube_root(i)));
  put('\n');
  for (int y = -8; y <= 8; y++) {
    for (int x = -24; x < 12; x++) put(' ' + escapes(x / 12.0f, y / 7.0f));
    put('\n');
  }
  for (int i = 0; i < COUNT(bodies); i++) {
    double *field = &bodies[i].x;
    for (int k = 0; k < 7; k++) field[k] = (double)(i32)next() / 1073741824.0;
    bodies[i].mass = __builtin_fabs(bodies[i].mass) + 0.5;
  }
  for (int n = 0; n < 50; n++) step(0.01);
  for (int i = 0; i < COUNT(bodies); i++) hex(bits_of(bodies[i].x)), hex(bits_of(bodies[i].vz));
  put('\n');
  for (int i = 0; i < COUNT(samples); i++) samples[i] = (float)(i16)next() / 3000;
  hex(bits_of_float(filter()));
  hex(bits_of(__builtin_inf() - __builtin_inf() + filter()) << 1);
}
