void values(int n, int m, global int *a, volatile global int *v, float4 f, bool b) {  // missing-prototypes@everything unused-parameter@all
 n;  // unused-value
 n + 1;  // unused-value
 n == 1;  // unused-comparison
 n < m;  // unused-comparison
 n && m;  // unused-value
 n && (m = 1);
 a[0];  // unused-value
 v[0];
 *a;  // unused-value
 *a++;  // unused-value
 -n;  // unused-value
 !n;  // unused-value
 ~n;  // unused-value
 &n;  // unused-value
 4;  // unused-value
 (void)n;
 (int)m;  // unused-value
 n ? 1 : 2;  // unused-value
 n ? (m = 1) : 2;
 n, m;  // unused-value
 n = (m, 3);  // unused-value
 n++, m++;
 f.x;  // unused-value
 f + 1.0f;  // unused-value
 (float4)(1.0f);  // unused-value
 sizeof(n);  // unused-value
 "text";  // unused-value
 n = 1;
 for (n; n < 3; n++) m++;  // unused-value
 for (n = 0; n < 3; n + 1) m++;  // unused-value
}
void empty(int n) {  // missing-prototypes@everything
 if (n);  // empty-body
 n++;
 if (n)
   ;
 if (n) { }
 for (int i = 0; i < n; i++);
 n++;
 for (int i = 0; i < n; i++);  // empty-body
   n++;
 for (int i = 0; i < n; i++);  // empty-body
 { n++; }
 while (n--);
 n++;
 while (n--);  // empty-body
   n++;
 do ; while (n--);
 switch (n) { }  // switch-default@everything
}
void bounds(int n, global int *p) {  // missing-prototypes@everything
 int t[3];
 t[0] = 1;
 t[3] = 1;  // array-bounds
 t[-1] = 1;  // array-bounds
 t[2] = t[0] + t[n];
 int m[2][2];
 m[1][2] = 1;  // array-bounds
 m[2][0] = 1;  // array-bounds
 p[-1] = t[2] + m[0][0];
 n = n / 0;  // division-by-zero
 n = n % 0;  // division-by-zero
 n /= 0;  // division-by-zero
}
struct point { int x, y; };
struct line { struct point a, b; };
constant struct point p1 = {1};  // missing-field-initializers@all
constant struct point p2 = {0};
constant struct point p3 = {.x = 1};
constant struct point p4 = {1, 2, 3};  // excess-initializers
constant struct line l1 = {1, 2, 3, 4};  // missing-braces@all
constant struct line l2 = {{1, 2}, {3, 4}};
constant struct line l3 = {{1, 2}};  // missing-field-initializers@all
constant struct point p5 = {.x = 1, .x = 2};  // initializer-overrides
constant int a1[2][2] = {1, 2, 3, 4};  // missing-braces@all
constant int a2[2] = {1, 2, 3};  // excess-initializers
constant int s1 = {1, 2};  // excess-initializers
constant int s2 = {{1}};  // many-braces-around-scalar-init
constant uchar c1 = 300;  // constant-conversion
constant uchar c2[] = {1, 256, -1};  // constant-conversion sign-conversion@everything
constant int c3 = 1.5f;  // literal-conversion
void pointers(global int *a, const global int *ca, global uint *u, global float *f, int *q) {  // missing-prototypes@everything unused-but-set-parameter@all
 u = a;  // pointer-sign
 f = a;  // incompatible-pointer-types
 a = ca;  // incompatible-pointer-types-discards-qualifiers
 if (a == f) a = 0;  // compare-distinct-pointer-types
 if (a == 3) a = 0;  // pointer-integer-compare
 int t[2];
 if (t) a = 0;  // pointer-bool-conversion
 if (&t) a = 0;  // pointer-bool-conversion
 if (q) a = 0;
 void *v = q;
 v + 1;  // gnu-pointer-arith@everything unused-value
 v = t;
}
void more(int n, uint u, global int *a, global float *b, int *p, void *q) {  // missing-prototypes@everything
 n = n == 1 == 2;  // tautological-constant-out-of-range-compare
 n = n < 2 < 3;  // parentheses tautological-constant-out-of-range-compare
 n = (n < 2) < 3;  // tautological-constant-out-of-range-compare
 if (p < q) n = 1;  // compare-distinct-pointer-types
 if (p == q) n = 2;
 (void)(n ? a : b);  // pointer-type-mismatch
 switch ((uchar)n) { case 300: break; case -1: break; }  // switch switch-default@everything
 enum { A = 1 + 2 << 3 };  // shift-op-parentheses
 int t[A && 1 || 0];  // logical-op-parentheses@all
 t[0] = 1;
 a[get_global_id(0)] = a[u];
}
