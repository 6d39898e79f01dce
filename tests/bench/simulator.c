/* The simulator's benchmark programs. One source, built natively (-DNATIVE) and for the guest,
 * which runs under Linux calls: write and exit.
 *
 * argv: program, repetitions. Prints a checksum of everything the program wrote, so that no
 * work can be left out and every build can be held to the same answer. A caller times the
 * whole and subtracts a run of zero repetitions.
 */
#include <stddef.h>
#include <stdint.h>

enum { ADD_N = 1 << 20, SGEMM_N = 256, BODIES = 2048, HASH_N = 1 << 18, ROUNDS = 16 };
enum { IMAGE = 1024, EDGE = 2, SAMPLES = 1 << 20, BINS = 256 };
enum { FLOATS = 1 << 20 };

typedef struct { float x, y, z, mass; } Body;

/* As buffers of a device are; hosts' compilers see to it unasked, the guest's does not. */
#define BUFFER static _Alignas(64)
BUFFER float a[FLOATS];
BUFFER float b[FLOATS];
BUFFER float c[FLOATS];
BUFFER uint32_t keys[SAMPLES];
BUFFER uint32_t hashes[HASH_N];
BUFFER uint32_t bins[BINS];
BUFFER Body bodies[BODIES];
BUFFER float px[BODIES];
BUFFER float py[BODIES];
BUFFER float pz[BODIES];
BUFFER float mass[BODIES];
BUFFER float ax[BODIES];
BUFFER float ay[BODIES];
BUFFER float az[BODIES];

static void vector_add(void) {
    for (size_t i = 0; i < ADD_N; i++)
        c[i] = a[i] + b[i];
}

static void sgemm(void) {
    for (size_t y = 0; y < SGEMM_N; y++)
        for (size_t x = 0; x < SGEMM_N; x++) {
            float sum = 0;
            for (size_t i = 0; i < SGEMM_N; i++)
                sum += a[y * SGEMM_N + i] * b[i * SGEMM_N + x];
            c[y * SGEMM_N + x] = sum;
        }
}

static void sgemm_w(void) { /* work-item x innermost */
    for (size_t y = 0; y < SGEMM_N; y++) {
        float *row = c + y * SGEMM_N;
        for (size_t x = 0; x < SGEMM_N; x++)
            row[x] = 0;
        for (size_t i = 0; i < SGEMM_N; i++)
            for (size_t x = 0; x < SGEMM_N; x++)
                row[x] += a[y * SGEMM_N + i] * b[i * SGEMM_N + x];
    }
}

static void nbody(void) {
    for (size_t i = 0; i < BODIES; i++) {
        float sx = 0, sy = 0, sz = 0;
        for (size_t j = 0; j < BODIES; j++) {
            float dx = bodies[j].x - bodies[i].x;
            float dy = bodies[j].y - bodies[i].y;
            float dz = bodies[j].z - bodies[i].z;
            float d2 = dx * dx + dy * dy + dz * dz + 1e-3f;
            float pull = bodies[j].mass / (d2 * __builtin_sqrtf(d2));
            sx += dx * pull;
            sy += dy * pull;
            sz += dz * pull;
        }
        ax[i] = sx;
        ay[i] = sy;
        az[i] = sz;
    }
}

static void nbody_w(void) { /* work-item i innermost */
    for (size_t i = 0; i < BODIES; i++)
        ax[i] = ay[i] = az[i] = 0;
    for (size_t j = 0; j < BODIES; j++)
        for (size_t i = 0; i < BODIES; i++) {
            float dx = px[j] - px[i];
            float dy = py[j] - py[i];
            float dz = pz[j] - pz[i];
            float d2 = dx * dx + dy * dy + dz * dz + 1e-3f;
            float pull = mass[j] / (d2 * __builtin_sqrtf(d2));
            ax[i] += dx * pull;
            ay[i] += dy * pull;
            az[i] += dz * pull;
        }
}

static void hash(void) {
    for (size_t i = 0; i < HASH_N; i++) {
        uint32_t h = keys[i];
        for (uint32_t round = 0; round < ROUNDS; round++) {
            h += 0x9e3779b9u;
            h ^= h << 13;
            h ^= h >> 17;
            h ^= h << 5;
        }
        hashes[i] = h;
    }
}

static void blur(void) {
    static const float weights[5] = {1 / 16.f, 4 / 16.f, 6 / 16.f, 4 / 16.f, 1 / 16.f};
    for (size_t y = EDGE; y < IMAGE - EDGE; y++)
        for (size_t x = EDGE; x < IMAGE - EDGE; x++) {
            float sum = 0;
            for (size_t j = 0; j < 5; j++)
                for (size_t i = 0; i < 5; i++)
                    sum += weights[j] * weights[i] * a[(y + j - EDGE) * IMAGE + x + i - EDGE];
            c[y * IMAGE + x] = sum;
        }
}

static void histogram(void) {
    for (size_t i = 0; i < BINS; i++)
        bins[i] = 0;
    for (size_t i = 0; i < SAMPLES; i++)
        bins[keys[i] >> 24]++;
}

static const struct {
    const char *name;
    void (*run)(void);
} programs[] = {
    {"vector_add", vector_add}, {"sgemm", sgemm}, {"nbody", nbody},
    {"hash", hash},             {"blur", blur},   {"histogram", histogram},
    {"sgemm_w", sgemm_w},       {"nbody_w", nbody_w},
};

long write(int file, const void *data, size_t size);

static uint32_t summed(uint32_t sum, const void *data, size_t words) {
    const uint32_t *p = data;
    for (size_t i = 0; i < words; i++)
        sum = (sum ^ p[i]) * 16777619u;
    return sum;
}

static void print_checksum(void) {
    uint32_t sum = summed(2166136261u, c, FLOATS);
    sum = summed(sum, ax, BODIES);
    sum = summed(sum, ay, BODIES);
    sum = summed(sum, az, BODIES);
    sum = summed(sum, hashes, HASH_N);
    sum = summed(sum, bins, BINS);
    char text[9];
    for (int i = 0; i < 8; i++)
        text[i] = "0123456789abcdef"[sum >> (28 - 4 * i) & 15];
    text[8] = '\n';
    write(1, text, sizeof text);
}

static void fill(void) {
    uint32_t seed = 1;
    for (size_t i = 0; i < FLOATS; i++) {
        seed = seed * 1664525u + 1013904223u;
        a[i] = (float)(seed >> 16) * (1 / 65536.f);
        b[i] = (float)(seed & 0xffff) * (1 / 65536.f);
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        seed = seed * 1664525u + 1013904223u;
        keys[i] = seed;
    }
    for (size_t i = 0; i < BODIES; i++) {
        bodies[i] = (Body){a[4 * i], a[4 * i + 1], a[4 * i + 2], b[i]};
        px[i] = bodies[i].x;
        py[i] = bodies[i].y;
        pz[i] = bodies[i].z;
        mass[i] = bodies[i].mass;
    }
}

static int same(const char *p, const char *q) {
    for (; *p && *p == *q; p++)
        q++;
    return *p == *q;
}

static int run(int argc, char **argv) {
    if (argc != 3)
        return 2;
    long count = 0;
    for (const char *p = argv[2]; *p; p++)
        count = count * 10 + (*p - '0');
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (same(argv[1], programs[i].name)) {
            fill();
            for (long n = 0; n < count; n++) {
                programs[i].run();
                __asm__ volatile("" ::: "memory");
            }
            print_checksum();
            return 0;
        }
    return 2;
}

#ifdef NATIVE
int main(int argc, char **argv) { return run(argc, argv); }
#else
static long call(long number, long x, long y, long z) {
    register long a0 __asm__("a0") = x;
    register long a1 __asm__("a1") = y;
    register long a2 __asm__("a2") = z;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}
long write(int file, const void *data, size_t size) {
    return call(64, file, (long)data, (long)size);
}
/* No C library; the compiler makes calls of these. */
void *memset(void *to, int value, size_t n) {
    for (size_t i = 0; i < n; i++)
        ((volatile char *)to)[i] = (char)value;
    return to;
}
void *memcpy(void *to, const void *from, size_t n) {
    for (size_t i = 0; i < n; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}
/* Linux hands over argc and argv on the stack. */
__attribute__((noreturn, used)) static void start(long *stack) {
    call(93, run((int)stack[0], (char **)(stack + 1)), 0, 0);
    __builtin_unreachable();
}
__asm__(".globl _start\n_start:\n  mv a0, sp\n  andi sp, sp, -16\n  j start\n");
#endif
