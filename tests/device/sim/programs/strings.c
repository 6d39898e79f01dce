// Lengths, searches, copies, reversal, case and words of text; overlapping moves.
#include "guest.h"

static const char lines[] =
    "The quick brown fox jumps over the lazy dog. Pack my box with five dozen liquor jugs.\n"
    "How vexingly quick daft zebras jump! Sphinx of black quartz, judge my vow.\n"
    "0123456789 !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~\n";
static char buffer[1024];

NOINLINE static u64 length(const char *s) {
  u64 n = 0;
  while (s[n]) n++;
  return n;
}

NOINLINE static const char *find(const char *in, const char *what) {
  u64 n = length(what);
  for (; *in; in++)
    if (!memcmp(in, what, n)) return in;
  return 0;
}

NOINLINE static int compare(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u8)*a - (u8)*b;
}

NOINLINE static void upper(char *s) {
  for (; *s; s++)
    if (*s >= 'a' && *s <= 'z') *s -= 32;
}

NOINLINE static void reverse(char *s, u64 n) {
  for (u64 i = 0; i < n / 2; i++) {
    char t = s[i];
    s[i] = s[n - 1 - i];
    s[n - 1 - i] = t;
  }
}

NOINLINE static u32 histogram(const char *s, u32 *counts) {
  u32 words = 0;
  for (int inside = 0; *s; s++) {
    counts[(u8)*s]++;
    int letter = (*s | 32) >= 'a' && (*s | 32) <= 'z';
    words += letter && !inside;
    inside = letter;
  }
  return words;
}

static void run(void) {
  u64 n = length(lines);
  number(n);
  memcpy(buffer, lines, n + 1);
  number(find(buffer, "zebras") - buffer);
  number(find(buffer, "none") != 0);
  upper(buffer);
  puts_(buffer);
  reverse(buffer, n);
  puts_(buffer);
  number(compare(buffer, lines));
  number(compare(lines, lines));
  for (int step = 1; step < 40; step += 6) {
    memmove(buffer + step, buffer, 200);
    memmove(buffer, buffer + 2 * step, 150);
  }
  puts_(buffer);
  u32 counts[256] = {0};
  number(histogram(lines, counts));
  for (int c = 0; c < 256; c++)
    if (counts[c]) put(c), number(counts[c]);
  u64 hash = 14695981039346656037ul;
  for (u64 i = 0; i < n; i++) hash = (hash ^ (u8)buffer[i]) * 1099511628211ul;
  hex(hash);
}
