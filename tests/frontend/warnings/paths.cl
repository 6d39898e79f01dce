int init1(int n) { int x; if (n > 1) x = 1; else if (n > 2) x = 2; return x; }  // missing-prototypes@everything sometimes-uninitialized@all
int init2(int n) { int x; while (n--) { x = n; } return x; }  // conditional-uninitialized@everything missing-prototypes@everything
int init3(int n) { int x; for (int i = 0; i < n; i++) x = i; return x; }  // conditional-uninitialized@everything missing-prototypes@everything
int init4(int n) { int x; switch (n) { case 1: x = 1; break; case 2: break; default: x = 3; } return x; }  // missing-prototypes@everything sometimes-uninitialized@all
int init5(int n) { int x; if (n && (x = n) > 1) return x; return 0; }  // missing-prototypes@everything
int init6(int n) { int x; if (n || (x = n) > 1) return x; return 0; }  // missing-prototypes@everything sometimes-uninitialized@all
int init7(int n) { int x; if (n) x = 1; if (n) return x; return 0; }  // conditional-uninitialized@everything missing-prototypes@everything
int init8(int n) { int x; do { if (n) break; x = 1; } while (x); return n; }  // missing-prototypes@everything
int init9(int n) { int x; int *p = &x; *p = 3; return x; }  // missing-prototypes@everything unused-parameter@all
int init10(int n) { int x; x += n; return x; }  // missing-prototypes@everything uninitialized@all
int init11(int n) { int x; goto l; x = 1; l: return x; }  // missing-prototypes@everything uninitialized@all unreachable-code@everything unused-parameter@all
int init12(int n) { int x; return n ? x : 0; }  // missing-prototypes@everything uninitialized@all
int init13(int n) { float4 v; v.x = 1; return v.y; }  // float-conversion@everything missing-prototypes@everything unused-parameter@all
int init14(int n) { for (;;) { int x; if (n) x = 2; n = x; if (x) break; } return n; }  // missing-prototypes@everything sometimes-uninitialized@all
int init15(int n) { int x; switch (n) { case 1: x = 1; } return x; }  // conditional-uninitialized@everything missing-prototypes@everything switch-default@everything
int init16(int n) { int a[3]; return a[n]; }  // missing-prototypes@everything
int init17(int n) { int x = x; return x; }  // missing-prototypes@everything uninitialized@all unused-parameter@all
int ret1(int n) { while (1) { if (n) break; } }  // missing-prototypes@everything return-type
int ret2(int n) { for (;;); }  // missing-prototypes@everything unused-parameter@all
int ret3(int n) { switch (n) { case 1: return 1; default: return 2; } }  // missing-prototypes@everything
int ret4(int n) { if (n) return 1; else return 2; }  // missing-prototypes@everything
int ret5(int n) { goto x; x: ; }  // missing-prototypes@everything return-type unused-parameter@all
int nested(int n) { int x; if (n) { if (n > 1) x = 1; else x = 2; } else { x = 3; } return x; }  // missing-prototypes@everything
int both(int n) { int x; if (n > 0 && n < 9) x = 1; return x; }  // missing-prototypes@everything sometimes-uninitialized@all
int either(int n) { int x; if (n > 0 || n < -9) x = 1; return x; }  // missing-prototypes@everything sometimes-uninitialized@all
int not_(int n) { int x; if (!n) x = 1; return x; }  // missing-prototypes@everything sometimes-uninitialized@all
int chained(int n) { int x; if (n == 1) x = 1; else if (n == 2) x = 2; else x = 3; return x; }  // missing-prototypes@everything
int looped(int n) { int x; for (int i = 0; i < n; i++) { if (i == 3) { x = 1; break; } } return x; }  // missing-prototypes@everything sometimes-uninitialized@all
int always(int n) { int x; while (1) { x = n; if (x) break; } return x; }  // missing-prototypes@everything
int counted(int n) { int x; for (;;) { if (n) break; x = n; } return x; }  // conditional-uninitialized@everything missing-prototypes@everything
int member(int n) { struct { int a; } s; s.a = n; return s.a; }  // missing-prototypes@everything
int stepped(int n) { int x; x++; return x + n; }  // missing-prototypes@everything uninitialized@all
int argument(int n) { int x; return nested(x) + n; }  // missing-prototypes@everything uninitialized@all
int pointer(global int *p) { global int *q; if (p) q = p; return *q; }  // missing-prototypes@everything sometimes-uninitialized@all
int ternary(int n) { int x; n ? (x = 1) : (x = 2); return x; }  // missing-prototypes@everything
int half_ternary(int n) { int x; n ? (x = 1) : 0; return x; }  // missing-prototypes@everything sometimes-uninitialized@all
void lanes(global float4 *p) { float4 v; v.xy = p[0].xy; p[1] = v; }  // missing-prototypes@everything
int twice(int n) { int x; if (n) x = 1; int y = x; return x + y; }  // missing-prototypes@everything sometimes-uninitialized@all
int jump(int n) { int x; if (n) goto set; return x; set: x = 1; return x; }  // missing-prototypes@everything uninitialized@all
int fall1(int n) { switch (n) { case 1: n++; break; case 2: case 3: n--; default: n = 0; } return n; }  // implicit-fallthrough@everything missing-prototypes@everything
int fall2(int n) { switch (n) { case 1: n++; __attribute__((fallthrough)); case 2: n--; } return n; }  // missing-prototypes@everything switch-default@everything
int fall3(int n) { switch (n) { case 1: if (n) break; else return 2; case 2: return 1; } return n; }  // missing-prototypes@everything switch-default@everything
int dead1(int n) { return n; n = 3; return n; }  // missing-prototypes@everything unreachable-code@everything
int dead2(int n) { while (n) { break; n--; } return n; }  // missing-prototypes@everything unreachable-code@everything
int dead3(int n) { goto end; n = 4; end: return n; }  // missing-prototypes@everything unreachable-code@everything
int ret6(int n) { while (n) return 1; }  // missing-prototypes@everything return-type
int ret8(int n) { switch (n) { case 1: return 1; case 2: return 2; } }  // missing-prototypes@everything return-type switch-default@everything
int ret9(int n) { if (0) return n; }  // missing-prototypes@everything return-type
int ret10(void) { for (;;) { } }  // missing-prototypes@everything
void nothing(int n) { if (n) return; }  // missing-prototypes@everything
