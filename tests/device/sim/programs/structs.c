// Structures by value, nested, packed into bits, in unions and lists; arrays of function pointers.
#include "guest.h"

typedef struct { i8 a; i16 b; i32 c; i64 d; float e; double f; } Mixed;
typedef struct { double x, y; } Pair;
typedef struct { float r; i32 n; } Half;
typedef struct { u64 words[9]; } Large;
typedef struct { u32 a : 3, b : 7, c : 11, d : 11; i64 e : 40, f : 24; } Bits;
typedef struct Node { struct Node *left, *right; i64 key; u16 count; } Node;
typedef union { u64 all; u32 words[2]; u16 halves[4]; u8 bytes[8]; } Parts;

NOINLINE static Mixed change(Mixed m, int by) {
  m.a += by, m.b -= by, m.c *= by, m.d ^= by, m.e *= 1.5f, m.f /= by;
  return m;
}
NOINLINE static Pair rotate(Pair p, Pair by) {
  return (Pair){p.x * by.x - p.y * by.y, p.x * by.y + p.y * by.x};
}
NOINLINE static Half scale(Half h, float by) { return (Half){h.r * by, h.n + (i32)by}; }
NOINLINE static Large spin(Large l, u64 by) {
  Large out;
  for (int i = 0; i < 9; i++) out.words[(i + by) % 9] = l.words[i] + by;
  return out;
}
NOINLINE static u64 many(i8 a, u16 b, i32 c, u64 d, float e, double f, i64 g, u8 h, i16 i, u32 j,
                         double k, float l, double m, double n, float o, double p, double q, i8 r) {
  return a + b * 3 + c * 5 + d * 7 + (u64)(e * 11) + (u64)(f * 13) + g * 17 + h * 19 + i * 23 +
         j * 29 + (u64)(k + l + m + n + o + p + q) * 31 + r * 37;
}
NOINLINE static void set(Bits *b, u64 from) {
  b->a = from, b->b = from >> 3, b->c = from >> 9, b->d += b->c, b->e = from, b->f = b->e >> 5;
}

static Node pool[200];
static int used;
static Node *insert(Node *at, i64 key) {
  if (!at) {
    pool[used] = (Node){0, 0, key, 1};
    return &pool[used++];
  }
  if (key == at->key)
    at->count++;
  else if (key < at->key)
    at->left = insert(at->left, key);
  else
    at->right = insert(at->right, key);
  return at;
}
static void walk(const Node *at, int depth) {
  if (!at) return;
  walk(at->left, depth + 1);
  number(at->key), number(at->count), number(depth);
  walk(at->right, depth + 1);
}

static void run(void) {
  Mixed m = {1, 2, 3, 4, 5, 6};
  for (int i = 1; i < 9; i++) m = change(m, i);
  number(m.a), number(m.b), number(m.c), number(m.d), hex(bits_of_float(m.e)), hex(bits_of(m.f));
  Pair p = {1, 0};
  for (int i = 0; i < 30; i++) p = rotate(p, (Pair){0.8, 0.6});
  hex(bits_of(p.x)), hex(bits_of(p.y));
  Half h = {1.25f, -7};
  for (int i = 0; i < 9; i++) h = scale(h, 1.75f);
  hex(bits_of_float(h.r)), number(h.n);
  Large l;
  for (int i = 0; i < 9; i++) l.words[i] = next();
  for (int i = 0; i < 20; i++) l = spin(l, i);
  for (int i = 0; i < 9; i++) hex(l.words[i]);
  number(many(-1, 2, -3, 4, 5.5f, 6.5, -7, 8, -9, 10, 1.5, 2.5f, 3.5, 4.5, 5.5f, 6.5, 7.5, -18));
  Bits b = {0};
  for (int i = 0; i < 12; i++) set(&b, next());
  number(b.a), number(b.b), number(b.c), number(b.d), number(b.e), number(b.f);
  Parts parts = {next()};
  for (int i = 0; i < 30; i++) parts.bytes[i % 8] += parts.halves[i % 4] >> 3, parts.words[i % 2] *= 5;
  hex(parts.all);
  put('\n');
  Node *root = 0;
  for (int i = 0; i < 150; i++) root = insert(root, (i64)(next() % 101) - 50);
  walk(root, 0);
}
