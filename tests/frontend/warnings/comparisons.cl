void cmps(int i, uint u, short s, ushort us, uchar c, char sc, long l, ulong ul, size_t z, bool b) {  // missing-prototypes@everything unused-parameter@all
 if (i < u) i = 1;  // sign-compare@all
 if (s < us) i = 1;
 if (u == c) i = 1;
 if (l < u) i = 1;
 if (i < ul) i = 1;  // sign-compare@all
 if (ul > 5) i = 1;
 if (ul > i) i = 1;  // sign-compare@all
 for (int k = 0; k < get_global_size(0); k++) i++;  // sign-compare@all
 if (u < -1) i = 1;  // sign-compare@all
 if (u == -1) i = 1;  // sign-compare@all
 if ((i & 3) < u) i = 1;
 if (c < 256) i = 1;  // tautological-constant-out-of-range-compare
 if (c == 256) i = 1;  // tautological-constant-out-of-range-compare
 if (sc == 128) i = 1;  // tautological-constant-out-of-range-compare
 if (sc > 127) i = 1;  // tautological-type-limit-compare@everything
 if (u > 0xffffffffu) i = 1;  // tautological-type-limit-compare@everything
 if (c < 0) i = 1;  // tautological-unsigned-zero-compare@everything
 if (us >= 0) i = 1;  // tautological-unsigned-zero-compare@everything
 if (b > 1) i = 1;  // tautological-constant-compare
 if (b == 2) i = 1;  // tautological-constant-out-of-range-compare
 if ((i == 1) == 2) i = 1;  // tautological-constant-out-of-range-compare
 if (l > 0x7fffffffffffffffL) i = 1;  // tautological-type-limit-compare@everything
 if (0 > u) i = 1;  // tautological-unsigned-zero-compare@everything
 if (0 <= ul) i = 1;  // tautological-unsigned-zero-compare@everything
 i = u ? i : u;  // sign-conversion@everything
 u = b ? i : u;  // sign-conversion@everything
 if (i == 1 || i == 2 && u) i = 1;  // logical-op-parentheses@all
 if ((i | 4) == 3) i = 1;  // tautological-bitwise-compare@all
 if (i < 3 || i > 1) i = 1;  // tautological-overlap-compare@all
 if (i != 3 || i != 4) i = 1;  // tautological-overlap-compare@all
}
void same(int n, float x, int4 v, global int *a, struct { int f; } s) {  // missing-prototypes@everything
 if (n == n) n++;  // tautological-compare
 if (n < n) n++;  // tautological-compare
 if (x == x) n++;
 if (a[0] == a[0]) n++;  // tautological-compare
 if (s.f != s.f) n++;  // tautological-compare
 if (v.x == v.x) n++;
 if (a == a) n++;  // tautological-compare
 if (x == 1.0f) n++;
 if (x != 0.0f) n++;
 n = n;  // self-assign@all
 x = x;  // self-assign@all
 a[0] = a[0];
}
void limits(uint u, int i, uchar c, ushort s, long l, bool b) {  // missing-prototypes@everything
 if (u >= 0u) i++;  // tautological-unsigned-zero-compare@everything
 if (u < 0) i++;  // tautological-unsigned-zero-compare@everything
 if (u <= 0) i++;
 if (0 <= u) i++;  // tautological-unsigned-zero-compare@everything
 if (c <= 255) i++;  // tautological-type-limit-compare@everything
 if (c >= 256) i++;  // tautological-constant-out-of-range-compare
 if (c != 300) i++;  // tautological-constant-out-of-range-compare
 if (s == 65536) i++;  // tautological-constant-out-of-range-compare
 if (s < 65535) i++;
 if (i > 2147483647) i++;  // tautological-type-limit-compare@everything
 if (i >= 2147483648) i++;  // tautological-constant-out-of-range-compare
 if (l == 0x7fffffffffffffffL) i++;
 if (b == 1) i++;
 if (b >= 0) i++;  // tautological-constant-compare
 if ((c & 1) == 2) i++;  // tautological-bitwise-compare@all
 if ((i & 7) != 9) i++;  // tautological-bitwise-compare@all
 if ((u | 1u) == 2u) i++;  // tautological-bitwise-compare@all
 if (i > 3 && i < 2) i++;  // tautological-overlap-compare@all
 if (i >= 3 && i <= 3) i++;
 if (i == 3 && i == 4) i++;  // tautological-overlap-compare@all
 if (i < 3 || i >= 3) i++;  // tautological-overlap-compare@all
}
void order(int n, int m, uint u, float x) {  // missing-prototypes@everything
 n = n & 1 == 0;  // parentheses
 n = (n & 1) == 0;
 n = n == 1 & m == 2;
 n = n || m && u;  // logical-op-parentheses@all
 n = (n && m) || u;
 n = n && m || 0;  // logical-op-parentheses@all
 n = n | m & 3;  // bitwise-op-parentheses@all
 n = n ^ m & 3;  // bitwise-op-parentheses@all
 n = n | m ^ 3;  // bitwise-op-parentheses@all
 n = n & m + 1;
 n = 1 << n + 1;  // shift-op-parentheses
 n = n + 1 << m;  // shift-op-parentheses
 n = 1 << (n + 1);
 n = !n == m;  // logical-not-parentheses
 n = (!n) == m;
 n = !n & m;  // logical-not-parentheses
 n = !(n == m);
 n = !n < 2;  // logical-not-parentheses tautological-constant-out-of-range-compare
 if (n = m) n++;  // parentheses
 if ((n = m)) n++;
 while (n = m) n--;  // parentheses
 if ((n == m)) n++;  // parentheses-equality
 if ((n == 1) || (m == 2)) n++;
 n = n && 4;  // constant-logical-operand
 n = n || 2;  // constant-logical-operand
 n = n && 1;
 n = n && true;
 n = 2 ^ 8;  // xor-used-as-pow
 n = 10 ^ 3;  // xor-used-as-pow
 n = 0x2 ^ 8;
 n = m ^ 8;
 if (n) if (m) n = 1; else n = 2;  // dangling-else
 if (n) { if (m) n = 1; } else n = 2;
 if (n) for (;;) if (m) n = 1; else break;  // dangling-else
 x = x;  // self-assign@all
}
void twice(int n, int m, global int *a) {  // missing-prototypes@everything
 n = n++;  // unsequenced
 n = ++n;  // unsequenced
 n = n + 1;
 n = n++ + m;  // unsequenced
 m = n++ + n;  // unsequenced
 m = n++ + n++;  // unsequenced
 a[n] = n++;  // unsequenced
 a[n++] = n;  // unsequenced
 a[n++] = m++;
 m = (n++, n);
 m = n++ ? n : 0;
 m = n++ && n++;
 n += n++;  // unsequenced
 m = (n = 3) + (n = 4);  // unsequenced
 m = max(n++, n);  // unsequenced
 (void)(n = 1, n = 2);
 a[0] = a[1] = n++;
}
int inexact(float x, double d) { return x == 0.1f || d != x; }  // double-promotion@everything float-equal@everything missing-prototypes@everything
