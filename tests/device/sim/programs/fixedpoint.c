// Fixed point: saturating and rounded arithmetic, a filter, square roots, colours, averages.
#include "guest.h"
enum { N = 333 };
static i16 sound[N + 8], filtered[N];
static u8 red[N], green[N], blue[N], grey[N], mixed[N];
static i32 wide[N], roots[N];

NOINLINE static i16 saturate(i64 v) { return v > 32767 ? 32767 : v < -32768 ? -32768 : (i16)v; }

NOINLINE static void filter(const i16 *taps) {
  for (int i = 0; i < N; i++) {
    i32 sum = 1 << 14;
    for (int k = 0; k < 8; k++) sum += sound[i + k] * taps[k];
    filtered[i] = saturate(sum >> 15);
  }
}

NOINLINE static void shades(void) {
  for (int i = 0; i < N; i++) grey[i] = (77 * red[i] + 150 * green[i] + 29 * blue[i] + 128) >> 8;
  for (int i = 0; i < N; i++) {
    int sum = grey[i] + blue[i];
    mixed[i] = sum > 255 ? 255 : sum;
  }
  for (int i = 0; i < N; i++) mixed[i] = (mixed[i] + red[i] + 1) >> 1;
}

NOINLINE static u32 root(u64 v) {
  u64 r = 0;
  for (u64 bit = 1ul << 31; bit; bit >>= 1)
    if ((r | bit) * (r | bit) <= v) r |= bit;
  return r;
}

NOINLINE static i32 q16(i32 a, i32 b) { return ((i64)a * b + 0x8000) >> 16; }

static void run(void) {
  static const i16 taps[8] = {-1200, 3400, 9000, 16000, 16000, 9000, 3400, -1200};
  for (int i = 0; i < COUNT(sound); i++) sound[i] = next();
  for (int i = 0; i < N; i++) red[i] = next(), green[i] = next() >> 9, blue[i] = next() >> 20;
  filter(taps);
  shades();
  for (int i = 0; i < N; i++) wide[i] = filtered[i] * 37 - (sound[i] << 3);
  for (int i = 0; i < N; i++) roots[i] = root(wide[i] < 0 ? -(i64)wide[i] : wide[i]);
  i64 sum = 0;
  u32 most = 0;
  for (int i = 0; i < N; i++) {
    sum += (i64)wide[i] * roots[i];
    most = mixed[i] > most ? mixed[i] : most;
  }
  number(sum), number(most);
  i32 x = 1 << 16;
  for (int i = 0; i < 40; i++) x = q16(x, 68000) ^ i;
  number(x);
  put('\n');
  for (int i = 0; i < N; i += 7) number(filtered[i]), number(mixed[i]), number(roots[i]);
}
