// Every arithmetic type into every other, and the operators between them.
#define EACH(X) X(_Bool) X(signed char) X(unsigned char) X(short) X(unsigned short) X(int) X(unsigned) \
    X(long) X(unsigned long) X(long long) X(float) X(double)
static unsigned long hash = 1;
static void mix(double x) { union { double d; unsigned long u; } v = {x}; hash = (hash ^ v.u) * 1099511628211ul; }
static const double values[] = {0, 1, -1, 2.5, -3.75, 100, 30000};
static const long whole[] = {0, 1, -1, 127, -128, 255, 65535, -32768, 2147483647, -2147483647 - 1, 4294967295, 1l << 40};

#define FROM_DOUBLE(T) for (unsigned i = 0; i < 6; i++) if (values[i] >= 0 || (T)-1 < 0) mix((double)(T)values[i]);
#define FROM_LONG(T) for (unsigned i = 0; i < sizeof whole / sizeof *whole; i++) { T t = (T)whole[i]; mix((double)t); mix(t > -1); mix(-t < 0); mix(t ? sizeof(t + 1) : !t); }
#define PAIRS(T) for (unsigned i = 0; i < 12; i++) { T a = (T)whole[i]; short b = -7; unsigned c = 9; unsigned char d = 200; \
    mix((double)(a + b)); mix((double)(a * c)); mix((double)(a - d)); mix(a < b); mix(a == c); mix((double)(a / b)); a += d; mix((double)a); a++; mix((double)a); }
#define WHOLE(X) X(signed char) X(unsigned char) X(short) X(unsigned short) X(int) X(unsigned) X(long) X(unsigned long)
#define BITS(T) for (unsigned i = 0; i < 12; i++) { T a = (T)whole[i]; mix((double)(a >> 3)); mix((double)(a & 0x5a)); mix((double)~a); mix((double)(a % 7)); \
    a ^= 0x33; mix((double)a); a <<= 2; mix((double)a); a >>= 1; mix((double)a); a |= -128; mix((double)a); }

int main(void) {
    EACH(FROM_DOUBLE)
    EACH(FROM_LONG)
    WHOLE(PAIRS)
    WHOLE(BITS)
    return (int)(hash >> 32 ^ hash >> 40 ^ hash) & 0xff;
}
