// Records, pointers, procedures and string comparisons in the mix of the classic synthetic
// benchmarks; text made of its results with widths, signs and bases.
#include "guest.h"

typedef enum { FIRST, SECOND, THIRD, FOURTH, FIFTH } Which;
typedef struct Record {
  struct Record *next;
  Which which, kind;
  i32 number;
  char name[31];
} Record;

static Record one, two;
static i32 global;
static char letter;
static i32 row[50], grid[50][50];

static void print(i64 value, int width, int base, int plus) {
  char digits[70];
  int n = 0;
  u64 left = value < 0 ? -(u64)value : (u64)value;
  do
    digits[n++] = "0123456789abcdefghijklmnopqrstuvwxyz"[left % base];
  while (left /= base);
  if (value < 0 || plus) digits[n++] = value < 0 ? '-' : '+';
  for (int pad = width - n; pad > 0; pad--) put(' ');
  while (n) put(digits[--n]);
  put('|');
}

NOINLINE static int later(const char *a, const char *b) {
  int i = 0;
  for (; i < 30 && a[i] == b[i]; i++)
    if (a[i] == 0) break;
  return (u8)a[i] > (u8)b[i];
}

NOINLINE static void third(Record **p) {
  *p = one.next;
  one.number = global * 10 + 5;
}

NOINLINE static void first(Record *p) {
  Record *next = p->next;
  *next = one;
  p->number = 5;
  next->number = p->number;
  next->next = p->next;
  third(&next->next);
  if (next->which == FIRST) {
    next->number = 6;
    next->kind = p->kind == THIRD ? SECOND : FOURTH;
    next->next = one.next;
    next->number = next->number + global;
  } else {
    *p = *next;
  }
}

NOINLINE static void eighth(i32 *a, i32 (*b)[50], i32 at, i32 value) {
  i32 i = at % 40 + 5;
  a[i] = value;
  a[i + 1] = a[i];
  a[i + 4] = i;
  for (int k = i; k <= i + 1; k++) b[i][k] = i;
  b[i][i - 1] += 1;
  b[i + 3][i] = a[i];
  global = 5 + (at & 3);
}

static void run(void) {
  one = (Record){&two, FIRST, THIRD, 40, "DHRYSTONE PROGRAM, SOME STRING"};
  two = (Record){&one, SECOND, FIRST, 41, "ANOTHER STRING, ALMOST THE SAME"};
  char text1[31] = "DHRYSTONE PROGRAM, 1'ST STRING", text2[31];
  i32 a = 2, b = 3, c = 0;
  for (i32 n = 1; n <= 300; n++) {
    letter = 'A' + n % 26;
    memcpy(text2, text1, sizeof text2);
    text2[19] = '1' + n % 3;
    c = later(text1, text2) ? 7 : n;
    while (a < b) {
      c = 5 * a - b;
      a++;
    }
    eighth(row, grid, n, c);
    first(&one);
    for (char k = 'A'; k <= letter; k++) b += k == 'C' ? n : k & 1;
    b = b * a;
    a = b / (c | 1);
    b = 7 * (b - c) - a;
    a = n & 7;
    b &= 0xFFFF;
  }
  print(a, 8, 10, 0), print(b, 12, 16, 1), print(c, 0, 10, 0), print(global, 5, 2, 0);
  print(one.number, 6, 8, 1), print(two.number, 6, 10, 1), print(-1 - 0x7FFFFFFFFFFFFFFF, 30, 10, 0);
  print((i64)0x8000000000000000, 70, 2, 0);
  put('\n');
  i64 total = 0;
  for (int i = 0; i < 50; i++)
    for (int j = 0; j < 50; j++) total = total * 3 + grid[i][j] + row[j];
  hex(total);
  puts_(two.name), number(two.which), number(one.kind);
}
