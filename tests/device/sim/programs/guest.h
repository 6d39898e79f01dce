// What a program for a bare machine with Linux's write and exit needs: text out, random numbers,
// and the functions that compilers call by themselves. Include it once.
#pragma once
typedef unsigned char u8;
typedef signed char i8;
typedef unsigned short u16;
typedef short i16;
typedef unsigned u32;
typedef int i32;
typedef unsigned long u64;
typedef long i64;

#define NOINLINE __attribute__((noinline))
#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

static char text[1 << 16];
static u32 written;
static u64 seed = 88172645463325252ul;

static long system_call(long number, long a, const void *b, long c) {
  register long a7 __asm__("a7") = number, a0 __asm__("a0") = a, a2 __asm__("a2") = c;
  register const void *a1 __asm__("a1") = b;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
  return a0;
}

static void flush(void) {
  system_call(64, 1, text, written);
  written = 0;
}

static void put(char c) {
  if (written == sizeof text)
    flush();
  text[written++] = c;
}

static void puts_(const char *s) {
  while (*s)
    put(*s++);
}

static void hex(u64 value) {
  for (int at = 60; at >= 0; at -= 4)
    put("0123456789abcdef"[value >> at & 15]);
  put(' ');
}

static void number(i64 value) {
  char digits[24];
  int n = 0;
  u64 left = value < 0 ? -(u64)value : (u64)value;
  do
    digits[n++] = '0' + left % 10;
  while (left /= 10);
  if (value < 0)
    put('-');
  while (n)
    put(digits[--n]);
  put(' ');
}

static u64 bits_of(double value) {
  union { double d; u64 u; } both = {value};
  return both.u;
}

static u32 bits_of_float(float value) {
  union { float f; u32 u; } both = {value};
  return both.u;
}

static u64 next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  return seed ^= seed << 17;
}

void *memcpy(void *to, const void *from, u64 n) {
  volatile u8 *d = to;  // lest it become a call of itself
  const u8 *s = from;
  while (n--)
    *d++ = *s++;
  return to;
}

void *memmove(void *to, const void *from, u64 n) {
  volatile u8 *d = to;
  const u8 *s = from;
  if ((u64)to - (u64)from >= n)
    return memcpy(to, from, n);
  while (n--)
    d[n] = s[n];
  return to;
}

void *memset(void *to, int c, u64 n) {
  volatile u8 *d = to;
  while (n--)
    *d++ = c;
  return to;
}

int memcmp(const void *a, const void *b, u64 n) {
  const u8 *x = a, *y = b;
  for (; n; n--, x++, y++)
    if (*x != *y)
      return *x - *y;
  return 0;
}

static void run(void);  // the program

void start(void) {
  run();
  put('\n');
  flush();
  system_call(93, 0, 0, 0);
  __builtin_unreachable();
}

// The stack pointer is whatever it was given.
__asm__(".globl _start\n_start:\n  j start\n");
