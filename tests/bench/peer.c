/* The benchmark kernels as plain C loop nests, and a driver for either kind of build.
 *
 * Natively (-DNATIVE) the loops below run. For QEMU the kernels are kcc's own objects, linked
 * in, and the driver calls the work-group entries as the device's launcher does.
 *
 * argv: kernel name, repetitions. Prints nothing; a caller times the process and subtracts a
 * run of zero repetitions. The exit status is a checksum, so that no work can be left out.
 */
#include <stddef.h>
#include <stdint.h>

enum { SGEMM_N = 256, HASH_N = 1 << 18, ADD_N = 1 << 20, GROUP = 64 };

static float a[ADD_N], b[ADD_N], c[ADD_N];
static uint32_t keys[HASH_N], hashes[HASH_N];

struct wg_info {
    uint64_t group_id[3], num_groups[3], global_offset[3], local_size[3];
    uint32_t num_dim;
    uint64_t num_groups_per_call[3], hal_extra;
};

#ifdef NATIVE
static void matrix_multiply_all(void) {
    for (size_t y = 0; y < SGEMM_N; y++)
        for (size_t x = 0; x < SGEMM_N; x++) {
            float sum = 0;
            for (size_t i = 0; i < SGEMM_N; i++)
                sum += a[y * SGEMM_N + i] * b[i * SGEMM_N + x];
            c[y * SGEMM_N + x] = sum;
        }
}

static uint32_t mix(uint32_t h) {
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    return h ^ (h >> 16);
}

static void hash_all(void) {
    for (size_t i = 0; i < HASH_N; i++) {
        uint32_t h = keys[i];
        for (uint32_t round = 0; round < 64; round++)
            h = mix(h + round);
        hashes[i] = h;
    }
}

static void vector_add_all(void) {
    for (size_t i = 0; i < ADD_N; i++)
        c[i] = a[i] + b[i];
}
#else
void matrix_multiply(void *args, struct wg_info *wg);
void hash(void *args, struct wg_info *wg);
void vector_add(void *args, struct wg_info *wg);

static void launch(void (*kernel)(void *, struct wg_info *), void *args, uint32_t dims, uint64_t x,
                   uint64_t y) {
    struct wg_info wg = {.num_groups = {x / GROUP, y, 1}, .local_size = {GROUP, 1, 1}, .num_dim = dims};
    for (uint64_t gy = 0; gy < y; gy++)
        for (uint64_t gx = 0; gx < x / GROUP; gx++) {
            wg.group_id[0] = gx;
            wg.group_id[1] = gy;
            kernel(args, &wg);
        }
}

static void matrix_multiply_all(void) {
    struct { void *a, *b, *c; uint32_t m, n, k; } args = {a, b, c, SGEMM_N, SGEMM_N, SGEMM_N};
    launch(matrix_multiply, &args, 2, SGEMM_N, SGEMM_N);
}

static void hash_all(void) {
    struct { void *keys, *hashes; uint32_t n; } args = {keys, hashes, HASH_N};
    launch(hash, &args, 1, HASH_N, 1);
}

static void vector_add_all(void) {
    struct { void *a, *b, *c; } args = {a, b, c};
    launch(vector_add, &args, 1, ADD_N, 1);
}
#endif

static int run(int argc, char **argv) {
    if (argc < 3)
        return 99;
    for (size_t i = 0; i < ADD_N; i++) {
        a[i] = (float)(i % 17);
        b[i] = (float)(i % 13);
    }
    for (size_t i = 0; i < HASH_N; i++)
        keys[i] = (uint32_t)i * 2654435761u;
    long count = 0;
    for (const char *p = argv[2]; *p; p++)
        count = count * 10 + (*p - '0');
    for (long i = 0; i < count; i++) {
        switch (argv[1][0]) {
        case 'm': matrix_multiply_all(); break;
        case 'h': hash_all(); break;
        default: vector_add_all(); break;
        }
        __asm__ volatile("" ::: "memory");
    }
    uint32_t sum = 0;
    for (size_t i = 0; i < ADD_N; i++)
        sum = sum * 31 + (uint32_t)c[i];
    for (size_t i = 0; i < HASH_N; i++)
        sum = sum * 31 + hashes[i];
    return (int)(sum % 97);
}

#ifdef NATIVE
int main(int argc, char **argv) { return run(argc, argv); }
#else
/* No C library: Linux hands over argc and argv on the stack. */
void *memcpy(void *to, const void *from, size_t n) {
    for (size_t i = 0; i < n; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}
void *memset(void *to, int value, size_t n) {
    for (size_t i = 0; i < n; i++)
        ((volatile char *)to)[i] = (char)value;
    return to;
}
__attribute__((noreturn, used)) static void start(long *stack) {
    register long code __asm__("a0") = run((int)stack[0], (char **)(stack + 1));
    register long number __asm__("a7") = 93; /* exit */
    __asm__ volatile("ecall" : : "r"(code), "r"(number));
    __builtin_unreachable();
}
__asm__(".globl _start\n_start:\n  mv a0, sp\n  andi sp, sp, -16\n  j start\n");
#endif
