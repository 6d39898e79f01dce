// What OpenCL kernels call memcpy and so on: in their language these are names like any other.
#include <string.h>

void *__dpu_memcpy(void *restrict to, const void *restrict from, size_t size) {
    return memcpy(to, from, size);
}

void *__dpu_memmove(void *to, const void *from, size_t size) {
    return memmove(to, from, size);
}

void *__dpu_memset(void *to, int value, size_t size) {
    return memset(to, value, size);
}

int __dpu_memcmp(const void *left, const void *right, size_t size) {
    return memcmp(left, right, size);
}
