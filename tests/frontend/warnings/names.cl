void used(int n) { int i; (void)sizeof(i); int j; int k = n; int m __attribute__((unused)); int o = 1; o = 2; int q[2]; q[0] = 1; float4 v; v.x = 1; int w = 0; w += n; int z = 0; n = z++; }  // missing-prototypes@everything unused-but-set-variable@all unused-variable@all
void params(int a, int b, int q) { a = 1; }  // missing-prototypes@everything unused-but-set-parameter@all unused-parameter@all
static int sf1(void) { return 1; }
static inline int sf2(void) { return 1; }  // unused-function@all
static int sf3(void) { return sf1(); }  // unused-function@all
void labels(int n) { here: n++; there: if (n < 3) goto here; }  // missing-prototypes@everything unused-label@all
void shadows(int n, int m) { { int n = m; n++; } for (int m = 0; m < n; m++) n--; }  // missing-prototypes@everything shadow@everything unused-but-set-variable@all
constant int table[2] = {1, 2};
int global_shadow(int n) { int table = n; return table; }  // missing-prototypes@everything shadow@everything
static void only_declared(void);  // unused-function@all
kernel void entry(global int *p, int unused_argument) { int i = 1; p[0] = 1; }  // unused-parameter@all unused-variable@all
void set_only(int n) { int a, b; a = n; b = a; float f; f = 1.0f; uint4 v; v = (uint4)(n); }  // missing-prototypes@everything unused-but-set-variable@all
void in_macro(int n) { int q = n; (void)q; int r; (void)r; }  // missing-prototypes@everything
const int qualified(void) { return 1; }  // ignored-qualifiers@all missing-prototypes@everything
volatile float qualified2(void) { return 1.0f; }  // ignored-qualifiers@all missing-prototypes@everything
const int *unqualified(constant int *p) { return 0; }  // missing-prototypes@everything unused-parameter@all
static int quiet(void) __attribute__((unused));
static int quiet(void) { return 1; }
int with_unused(int a __attribute__((unused)), int b) { return 1; }  // missing-prototypes@everything unused-parameter@all
enum color { RED, GREEN, BLUE };
int sw1(enum color e) { switch (e) { case RED: return 1; case BLUE: return 2; } return 3; }  // missing-prototypes@everything switch switch-default@everything
int sw2(enum color e) { switch (e) { case RED: return 1; default: return 2; } }  // missing-prototypes@everything switch-enum@everything
int sw3(enum color e) { switch (e) { case RED: case GREEN: case BLUE: return 1; default: return 2; } }  // covered-switch-default@everything missing-prototypes@everything
int sw4(enum color e) { switch (e) { case RED: case GREEN: case BLUE: case 7: return 1; } return 2; }  // missing-prototypes@everything switch switch-default@everything
int sw5(int n) { switch (n) { case 1: return 1; } return 2; }  // missing-prototypes@everything switch-default@everything
struct empty {};  // gnu-empty-struct@everything
void nested_set(int n) { int a, b; a = b = n; int c; if ((c = n)) n = 1; }  // missing-prototypes@everything unused-but-set-variable@all
void constants_count(int n) { const int m = 2; switch (n) { case m: n = 1; } const int z = 3; int t[z]; t[0] = n; }  // missing-prototypes@everything switch-default@everything
kernel void in_local(void) { local int x; x = 1; }  // unused-but-set-variable@all
int self(int n) { int i = i; return n; }  // missing-prototypes@everything
struct point { int x, y; };
struct point whole(int n) { struct point s; if (n) s.x = 1; struct point r; return n ? s : r; }  // conditional-uninitialized@everything missing-prototypes@everything uninitialized@all
int old_style(a, b) float b; int a; { return a; }  // deprecated-non-prototype missing-prototypes@everything unused-parameter@all
static int old_static(a) int a; { return a; }  // deprecated-non-prototype
kernel void old_kernel(p) global int *p; { *p = old_static(1); }  // deprecated-non-prototype
int old_style2(int a);
int old_style2(a) int a; { return a; }  // deprecated-non-prototype
