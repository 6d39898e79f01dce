/* Runs kernels made by kcc under QEMU, without a C library: calls each entry as the device's
 * launcher does, and writes what it leaves in `out` to standard output.
 *
 * KERNELS is a list of X(name); ITEMS, GROUP, INPUTS and RESULTS are programs.py's.
 */
#include <stddef.h>
#include <stdint.h>

struct wg_info {
    uint64_t group_id[3], num_groups[3], global_offset[3], local_size[3];
    uint32_t num_dim;
    uint64_t num_groups_per_call[3], hal_extra;
};

#define X(k) void k(void *args, struct wg_info *wg);
KERNELS
#undef X
#define X(k) k,
static void (*const kernels[])(void *, struct wg_info *) = {KERNELS};

static uint64_t out[ITEMS * RESULTS], in[INPUTS];
static struct { void *out, *in; } args __attribute__((aligned(128))) = {out, in};

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

static void linux_call(long number, long a, long b, long c) {
    register long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
}

__attribute__((noreturn, used)) static void start(void) {
    for (int i = 0; i < INPUTS; i++)
        in[i] = (uint64_t)(i + 1) * 0x9e3779b97f4a7c15u >> (i * 3);
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        for (int i = 0; i < ITEMS * RESULTS; i++)
            out[i] = 0;
        for (uint64_t group = 0; group < ITEMS / GROUP; group++) {
            struct wg_info wg = {.group_id = {group}, .num_groups = {ITEMS / GROUP, 1, 1},
                                 .local_size = {GROUP, 1, 1}, .num_dim = 1};
            kernels[k](&args, &wg);
        }
        linux_call(64, 1, (long)out, sizeof out); /* write */
    }
    linux_call(93, 0, 0, 0); /* exit */
    __builtin_unreachable();
}
__asm__(".globl _start\n_start:\n  andi sp, sp, -16\n  j start\n");
