// Structs by value of every size, in and out, packed and aligned ones, bytes of them.
#define STRUCT(n) struct s##n { unsigned char b[n]; }; \
    static struct s##n turn##n(struct s##n x, int by) { struct s##n r; for (int i = 0; i < n; i++) r.b[(i + by) % n] = x.b[i]; x.b[0] = 99; return r; }
STRUCT(1) STRUCT(2) STRUCT(3) STRUCT(5) STRUCT(8) STRUCT(9) STRUCT(16) STRUCT(17) STRUCT(40)
static unsigned hash = 7;
static void mix(const void *p, int n) { for (const unsigned char *b = p; n--; b++) hash = hash * 31 + *b; }
#define TRY(n) { struct s##n x; for (int i = 0; i < n; i++) x.b[i] = (unsigned char)(i * 7 + n); struct s##n y = turn##n(turn##n(x, 1), n / 2); mix(&x, n); mix(&y, n); mix(turn##n(y, 3).b, n); }
struct pair { int a; double b; };
struct __attribute__((packed)) packed { char c; long l; short s; } packed = {1, 0x123456789abcdefl, 3};
struct lined { char c; _Alignas(16) char d; } lined[2] = {{1, 2}, {3, 4}};
static struct pair sum(struct pair x, float y, struct pair z, char c) { return (struct pair){x.a + z.a + c, x.b * z.b + y}; }
static double many(int a, float b, long c, double d, char e, short f, unsigned g, _Bool h, float i, long j, double k, struct pair l) {
    return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10 + k * 11 + l.a * 12 + l.b * 13;
}
int main(void) {
    TRY(1) TRY(2) TRY(3) TRY(5) TRY(8) TRY(9) TRY(16) TRY(17) TRY(40)
    struct pair p = sum((struct pair){1, 2.5}, 0.25f, (struct pair){.b = 4}, 'x'), q = p;
    q.a -= 1;
    hash += (unsigned)(p.a * 3 + (int)(p.b * 4) + q.a);
    hash += (unsigned)many(-1, 2.5f, -3, 4.25, -5, -6, 7, 8, -9.5f, 10, 11.75, p);
    packed.l++;
    mix(&packed, sizeof packed);
    hash += sizeof packed * 2 + sizeof lined + _Alignof(struct lined) + (int)((long)&lined[1].d & 15);
    struct packed copy = packed, *at = &copy;
    at->s += at->c;
    hash += (unsigned)(at->s + (int)copy.l);
    return (hash ^ hash >> 8 ^ hash >> 16 ^ hash >> 24) & 0xff;
}
