// Quicksort, heapsort, mergesort and counting sort of the same numbers; binary searches in them.
#include "guest.h"
enum { N = 700 };

static i64 work[N], other[N];
static i64 original[N];

static void quick(i64 *a, int n) {
  while (n > 1) {
    i64 pivot = a[n / 2];
    int i = 0, j = n - 1;
    while (i <= j) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i <= j) {
        i64 t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    quick(a, j + 1);
    a += i;
    n -= i;
  }
}

static void sift(i64 *a, int root, int n) {
  for (int child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && a[child] < a[child + 1]) child++;
    if (a[root] >= a[child]) return;
    i64 t = a[root];
    a[root] = a[child];
    a[child] = t;
  }
}

static void heap(i64 *a, int n) {
  for (int i = n / 2; i-- > 0;) sift(a, i, n);
  for (int end = n; end-- > 1;) {
    i64 t = a[0];
    a[0] = a[end];
    a[end] = t;
    sift(a, 0, end);
  }
}

static void merge(i64 *a, int n) {
  for (int width = 1; width < n; width *= 2) {
    for (int at = 0; at < n; at += 2 * width) {
      int mid = at + width < n ? at + width : n, end = at + 2 * width < n ? at + 2 * width : n;
      int i = at, j = mid;
      for (int k = at; k < end; k++) other[k] = i < mid && (j >= end || a[i] <= a[j]) ? a[i++] : a[j++];
    }
    memcpy(a, other, n * sizeof *a);
  }
}

static void counting(i64 *a, int n) {  // by bytes, the sign turned
  for (int shift = 0; shift < 64; shift += 8) {
    u32 starts[257] = {0};
    for (int i = 0; i < n; i++) starts[((a[i] ^ 1ul << 63) >> shift & 255) + 1]++;
    for (int i = 0; i < 256; i++) starts[i + 1] += starts[i];
    for (int i = 0; i < n; i++) other[starts[(a[i] ^ 1ul << 63) >> shift & 255]++] = a[i];
    memcpy(a, other, n * sizeof *a);
  }
}

static int find(const i64 *a, int n, i64 value) {
  int low = 0;
  while (n > 0) {
    int half = n / 2;
    if (a[low + half] < value)
      low += half + 1, n -= half + 1;
    else
      n = half;
  }
  return low;
}

static void run(void) {
  static void (*const sorts[])(i64 *, int) = {quick, heap, merge, counting};
  for (int i = 0; i < N; i++) original[i] = (i64)next() >> (i % 7 * 9);
  for (int k = 0; k < COUNT(sorts); k++) {
    memcpy(work, original, sizeof work);
    sorts[k](work, N);
    u64 sum = 0;
    for (int i = 0; i < N; i++) sum = sum * 31 + work[i];
    hex(sum);
    for (int i = 0; i < N; i += 97) number(work[i]);
    number(find(work, N, 0));
    put('\n');
  }
}
