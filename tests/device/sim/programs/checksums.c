// CRC-32 by table and bit by bit, CRC-64, Adler-32, Fletcher, SHA-256 of a growing message.
#include "guest.h"

static u8 message[2048];

NOINLINE static u32 crc_bits(const u8 *p, u64 n) {
  u32 crc = ~0u;
  while (n--) {
    crc ^= *p++;
    for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (0xEDB88320 & -(crc & 1));
  }
  return ~crc;
}

NOINLINE static u32 crc_table(const u8 *p, u64 n) {
  static u32 table[256];
  if (!table[1])
    for (u32 i = 0; i < 256; i++) {
      table[i] = i;
      for (int k = 0; k < 8; k++) table[i] = table[i] >> 1 ^ (0xEDB88320 & -(table[i] & 1));
    }
  u32 crc = ~0u;
  while (n--) crc = crc >> 8 ^ table[(crc ^ *p++) & 255];
  return ~crc;
}

NOINLINE static u64 crc64(const u8 *p, u64 n) {
  u64 crc = 0;
  while (n--) {
    crc ^= (u64)*p++ << 56;
    for (int k = 0; k < 8; k++) crc = crc << 1 ^ (0x42F0E1EBA9EA3693 & (u64)((i64)crc >> 63));
  }
  return crc;
}

NOINLINE static u32 adler(const u8 *p, u64 n) {
  u32 a = 1, b = 0;
  while (n--) a = (a + *p++) % 65521, b = (b + a) % 65521;
  return b << 16 | a;
}

NOINLINE static u64 fletcher(const u8 *p, u64 n) {
  u64 a = 0, b = 0;
  for (u64 i = 0; i + 4 <= n; i += 4) {
    a = (a + (p[i] | p[i + 1] << 8 | p[i + 2] << 16 | (u64)p[i + 3] << 24)) % 0xFFFFFFFF;
    b = (b + a) % 0xFFFFFFFF;
  }
  return b << 32 | a;
}

static u32 rotate(u32 x, int n) { return x >> n | x << (32 - n); }

// The constants are roots of the first primes: their fractions, bit by bit.
static u32 fraction(u64 prime, int cube) {
  unsigned __int128 low = 0;  // the root, 32 bits after the point
  for (u64 bit = 1ul << 40; bit; bit >>= 1) {
    unsigned __int128 t = low | bit;
    if (cube ? t * t * t <= (unsigned __int128)prime << 96 : t * t <= (unsigned __int128)prime << 64)
      low = t;
  }
  return (u32)low;
}

NOINLINE static void sha256(const u8 *data, u64 n, u32 *h) {
  static u32 k[64], first[8];
  if (!k[0])
    for (u64 prime = 2, found = 0; found < 64; prime++) {
      u64 d = 2;
      while (d * d <= prime && prime % d) d++;
      if (d * d <= prime) continue;
      if (found < 8) first[found] = fraction(prime, 0);
      k[found++] = fraction(prime, 1);
    }
  for (int i = 0; i < 8; i++) h[i] = first[i];
  u64 blocks = (n + 9 + 63) / 64;
  for (u64 block = 0; block < blocks; block++) {
    u32 w[64];
    for (int i = 0; i < 16; i++) {
      u32 word = 0;
      for (u64 at = block * 64 + i * 4, j = 0; j < 4; j++, at++) {
        u8 byte = at < n ? data[at] : at == n ? 0x80 : 0;
        if (at >= blocks * 64 - 8) byte = n * 8 >> 8 * (blocks * 64 - 1 - at);
        word = word << 8 | byte;
      }
      w[i] = word;
    }
    for (int i = 16; i < 64; i++) {
      u32 s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
      u32 s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 v[8];
    for (int i = 0; i < 8; i++) v[i] = h[i];
    for (int i = 0; i < 64; i++) {
      u32 s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
      u32 t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
      u32 s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
      u32 t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      for (int j = 7; j > 0; j--) v[j] = v[j - 1];
      v[4] += t1;
      v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
  }
}

static void run(void) {
  for (int i = 0; i < COUNT(message); i++) message[i] = next() >> 11;
  for (u64 n = 0; n <= COUNT(message); n = n * 3 + 1) {
    number(n), hex(crc_bits(message, n)), hex(crc_table(message, n)), hex(crc64(message, n));
    hex(adler(message, n)), hex(fletcher(message, n));
    u32 digest[8];
    sha256(message, n, digest);
    for (int i = 0; i < 8; i++) hex(digest[i]);
    put('\n');
  }
}
